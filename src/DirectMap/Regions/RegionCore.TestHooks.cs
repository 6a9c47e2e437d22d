using DirectMap.Inodes;

namespace DirectMap.Regions;

/// <content>For tests only: what the region is of.</content>
internal sealed partial class RegionCore
{
    internal Inode InodeForTests => _inode.Inode;
}
