using System.Runtime.ConstrainedExecution;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// A right to change the layout that parties from outside have cleared: they hear of the operation's end before others get the right. A
/// forgotten one tells them when it is collected, since the right within it ends without a word to it.
/// </summary>
internal sealed class ClearedRight(ILayoutRight right, PartyHolds holds) : CriticalFinalizerObject, ILayoutRight, IEndsByItself
{
    ~ClearedRight() => holds.End();

    public FileRange Range => right.Range;

    bool IEndsByItself.EndsByItself => Tether.EndsByItself(right);

    public void Dispose()
    {
        if (holds.End())
        {
            right.Dispose(); // Or else by the thread that tells the parties, after it has.
        }

        GC.SuppressFinalize(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    public override string? ToString() => right.ToString();
}
