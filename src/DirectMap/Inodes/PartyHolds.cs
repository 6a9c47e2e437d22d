using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>What the parties of an inode gave for one lease, or for one operation: given back once, the last one first.</summary>
/// <param name="most">How many there may be.</param>
/// <param name="failed">Is told of a party that throws then, against its promise.</param>
internal sealed class PartyHolds(int most, Action<Exception> failed)
{
    private IDisposable[]? _holds = new IDisposable[most];
    private int _count;
    private bool _isEnded;

    /// <summary>By the thread that takes the lease or the right, before anybody else may end it.</summary>
    internal void Add(IDisposable hold)
    {
        Debug.Assert(_holds is not null, "1, 2: taken for what has ended");
        _holds[_count] = hold;
        _count++;
    }

    /// <summary>Whether each party has given something.</summary>
    internal bool IsFull => _count == most;

    /// <returns>Whether all is given back. False: another thread is about it.</returns>
    internal bool End()
    {
        GateWatch.AssertNoneHeld();
        if (Interlocked.Exchange(ref _holds, null) is not { } holds)
        {
            return Volatile.Read(ref _isEnded);
        }

        for (int last = _count - 1; last >= 0; last--)
        {
            try
            {
                holds[last].Dispose();
            }
            catch (Exception exception)
            {
                UserCode.Report(exception, failed); // The others are given back all the same.
            }
        }

        Volatile.Write(ref _isEnded, true);
        return true;
    }
}
