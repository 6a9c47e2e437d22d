using DirectMap.Inodes;

namespace DirectMap;

/// <summary>The right to change the layout, as the file's user holds it. It keeps the inode, like a lease.</summary>
internal sealed class DirectFileBreak(ILayoutBreak right, InodeReference inode) : ILayoutBreak
{
    public FileRange Range => right.Range;

    public void Dispose()
    {
        right.Dispose();
        inode.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
