using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>That a persist writes the pages that were stored to, and not the large folios that they are parts of.</content>
internal sealed partial class RegionCore
{
    private readonly LargeFolios? _folios;

    /// <summary>Whether <see cref="BeforeStore"/> has anything to do in this region.</summary>
    internal bool HasFolios => _folios is not null;

    /// <summary>What is done before the first store to a window of the file, once while anybody has it open.</summary>
    internal void BeforeStore(long offset)
    {
        AssertWithin(offset, 0);
        if (_folios is { } folios && _inode.Inode.LooksForLargeFolios((Facts.Range.Offset + offset) / LargeFolios.Window))
        {
            try
            {
                folios.SplitWindow(_inode.File.Handle, offset);
            }
            catch (ObjectDisposedException)
            {
                // Disposed meanwhile: the store itself says so.
            }
        }

        GC.KeepAlive(this);
    }

    private bool WritesMore(long offset, long length)
    {
        try
        {
            return _folios is { } folios && folios.WritesMore(_inode.File.Handle, offset, length);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
