using System.Collections.Concurrent;
using DirectMap.Configuration;

namespace DirectMap.Tests.Leases;

/// <summary>
/// Threads that hold leases on one file and threads that break them. Each counts itself, and looks for who should not be there.
/// </summary>
internal sealed class HoldersAndBreakers
{
    private readonly LeaseCoordinator _coordinator = new(
        new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(1) });

    private int _held;
    private int _running;
    private int _breaks;
    private int _leases;
    private bool _end;

    internal ConcurrentQueue<string> Violations { get; } = new();

    internal int Breaks => Volatile.Read(ref _breaks);

    internal int Leases => Volatile.Read(ref _leases);

    private bool IsAtEnd => Volatile.Read(ref _end);

    internal void End() => Volatile.Write(ref _end, true);

    internal void HoldToTheEnd(int seed)
    {
        Random random = new(seed);
        while (!IsAtEnd)
        {
            try
            {
                Hold(untilRevoked: random.Next(3) == 0);
            }
            catch (LeaseConflictException)
            {
                Thread.Yield();
            }
        }
    }

    private void Hold(bool untilRevoked)
    {
        int state = 0; // 1 held, 2 gone: whoever moves it first has done it
        ILayoutLease lease = _coordinator.Acquire(CoordinatorTest.Lease(revoke: _ => LetGo(ref state)));
        Interlocked.Increment(ref _held);
        Volatile.Write(ref state, 1);
        Interlocked.Increment(ref _leases);
        if (Volatile.Read(ref _running) != 0 && lease.State != LeaseState.Revoked)
        {
            Violations.Enqueue($"a lease was granted while a breaker was running ({lease.State})");
        }

        if (untilRevoked)
        {
            SpinWait.SpinUntil(() => lease.State == LeaseState.Revoked || IsAtEnd);
        }

        LetGo(ref state); // what was revoked has: this is for the others, and for the test's end
        lease.Dispose();
    }

    private void LetGo(ref int state)
    {
        int before;
        SpinWait spin = default;
        while ((before = Interlocked.CompareExchange(ref state, 2, 1)) == 0)
        {
            spin.SpinOnce(); // revoked before the holder has counted itself
        }

        if (before == 1)
        {
            Interlocked.Decrement(ref _held);
        }
    }

    internal void BreakToTheEnd()
    {
        while (!IsAtEnd)
        {
            using ILayoutRight right = _coordinator.Break(CoordinatorTest.Breaker());
            if (Interlocked.Increment(ref _running) != 1)
            {
                Violations.Enqueue("two breakers run at the same time");
            }

            if (Volatile.Read(ref _held) != 0)
            {
                Violations.Enqueue("a breaker runs while a lease is in force");
            }

            Interlocked.Increment(ref _breaks);
            Interlocked.Decrement(ref _running);
            right.Dispose();

            // Breakers in close succession let no lease in; some are, so that there is something to break.
            int before = Leases;
            SpinWait.SpinUntil(() => Leases != before || IsAtEnd, TimeSpan.FromMilliseconds(5));
        }
    }
}
