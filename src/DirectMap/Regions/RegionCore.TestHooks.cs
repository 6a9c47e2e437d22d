using DirectMap.Inodes;

namespace DirectMap.Regions;

/// <content>For tests only.</content>
internal sealed partial class RegionCore
{
    internal Inode InodeForTests => _inode.Inode;
}
