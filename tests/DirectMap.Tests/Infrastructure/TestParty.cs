using System.Collections.Concurrent;
using DirectMap.Inodes;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// A party whose answers a test writes: it counts what is asked of it and what it gets back, and notes it in a log that parties may share.
/// </summary>
internal sealed class TestParty(OutsideSeat seat, string name, ConcurrentQueue<string> log) : IOutsideParty
{
    private readonly ConcurrentQueue<string> _twice = new();
    private int _joins;
    private int _leaves;
    private int _clears;
    private int _ends;
    private int _detached;

    /// <summary>What it does before it lets somebody join.</summary>
    internal Func<LeaseRequest, CancellationToken, ValueTask> Joining { get; set; } = static (_, _) => ValueTask.CompletedTask;

    internal Func<BreakRequest, CancellationToken, ValueTask> Clearing { get; set; } = static (_, _) => ValueTask.CompletedTask;

    internal Action Leaving { get; set; } = static () => { };

    internal Action Ending { get; set; } = static () => { };

    internal Action Detaching { get; set; } = static () => { };

    internal OutsideSeat Seat => seat;

    internal int Joins => Volatile.Read(ref _joins);

    internal int Clears => Volatile.Read(ref _clears);

    /// <summary>Those who have joined and were not left.</summary>
    internal int Members => Volatile.Read(ref _joins) - Volatile.Read(ref _leaves);

    /// <summary>Operations that were cleared and have not ended.</summary>
    internal int Running => Volatile.Read(ref _clears) - Volatile.Read(ref _ends);

    internal int Detached => Volatile.Read(ref _detached);

    /// <summary>Parties for an inode; what was made is found in a list.</summary>
    internal static PartyMaker[] Makers(List<TestParty> made, ConcurrentQueue<string> log, params string[] names) =>
    [
        .. names.Select(name => new PartyMaker(seat =>
        {
            TestParty party = new(seat, name, log);
            lock (made)
            {
                made.Add(party);
            }

            return party;
        })),
    ];

    public IDisposable Join(LeaseRequest request)
    {
        Joining(request, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return Joined();
    }

    public async ValueTask<IDisposable> JoinAsync(LeaseRequest request, CancellationToken cancellationToken)
    {
        await Joining(request, cancellationToken);
        return Joined();
    }

    public IDisposable Clear(BreakRequest request)
    {
        Clearing(request, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return Cleared();
    }

    public async ValueTask<IDisposable> ClearAsync(BreakRequest request, CancellationToken cancellationToken)
    {
        await Clearing(request, cancellationToken);
        return Cleared();
    }

    public void Detach()
    {
        Interlocked.Increment(ref _detached);
        Detaching();
        log.Enqueue($"{name}.detach");
    }

    /// <summary>What was given back more than once.</summary>
    internal void AssertNothingIsGivenBackTwice() => Assert.Empty(_twice);

    private Hold Joined()
    {
        Interlocked.Increment(ref _joins);
        log.Enqueue($"{name}.join");
        return new Hold(this, () =>
        {
            log.Enqueue($"{name}.leave");
            Interlocked.Increment(ref _leaves);
            Leaving();
        });
    }

    private Hold Cleared()
    {
        Interlocked.Increment(ref _clears);
        log.Enqueue($"{name}.clear");
        return new Hold(this, () =>
        {
            log.Enqueue($"{name}.end");
            Interlocked.Increment(ref _ends);
            Ending();
        });
    }

    private sealed class Hold(TestParty party, Action end) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Increment(ref _ended) > 1)
            {
                party._twice.Enqueue("given back twice");
            }

            end();
        }
    }
}
