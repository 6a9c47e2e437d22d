using DirectMap.Inodes;

namespace DirectMap.Regions;

/// <content>What a region gives to those who follow what is stored in it.</content>
internal sealed partial class RegionCore
{
    internal SharedWord OpenWord(long offset)
    {
        try
        {
            return SharedWord.Open(_inode.Clone(), offset);
        }
        catch (ObjectDisposedException)
        {
            throw Gone();
        }
    }

    internal bool? IsAppended(FileRange range)
    {
        try
        {
            return AppenderClaim.IsTaken(_inode, range);
        }
        catch (ObjectDisposedException)
        {
            throw Gone();
        }
    }

    private ObjectDisposedException Gone() => new(typeof(MappedRegion).FullName, $"'{Facts.Path}': the region was disposed.");
}
