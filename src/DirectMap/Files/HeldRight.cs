using System.Runtime.ConstrainedExecution;
using DirectMap.Inodes;
using DirectMap.Threading;

namespace DirectMap.Files;

/// <summary>
/// The right to change the layout, as the file's user holds it. It keeps the inode, and ends when it is collected, like a lease.
/// </summary>
internal sealed class HeldRight(ILayoutRight right, InodeReference inode, object owner) : CriticalFinalizerObject, ILayoutRight, IOwned
{
    ~HeldRight()
    {
        inode.Inode.BlocksMoved();
        inode.Inode.LayoutChanged();
        if (Tether.EndsByItself(right))
        {
            return; // It ends by itself, and says so in diagnostic mode.
        }

        try
        {
            right.Dispose();
        }
        catch (Exception)
        {
            // A coordinator of the user's own may throw; on the finalizer's thread that would end the process.
        }
    }

    public FileRange Range => right.Range;

    object IOwned.Owner => owner;

    public override string? ToString() => right.ToString();

    public void Dispose()
    {
        inode.Inode.BlocksMoved(); // Whatever was done under it, by whatever means.
        inode.Inode.LayoutChanged();
        right.Dispose();
        inode.Dispose();
        GC.SuppressFinalize(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
