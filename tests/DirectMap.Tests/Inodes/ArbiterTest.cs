using System.Collections.Concurrent;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Leases;

namespace DirectMap.Tests.Inodes;

/// <summary>The base of tests of the arbiter over a coordinator: no file, and parties that tests write.</summary>
public abstract class ArbiterTest : CoordinatorTest
{
    private readonly List<TestParty> _parties = [];

    internal ConcurrentQueue<string> Log { get; } = new();

    /// <summary>In the order in which they were made.</summary>
    internal IReadOnlyList<TestParty> Parties => _parties;

    internal TestParty Party => _parties[0];

    /// <summary>With parties that have been made, each with its name.</summary>
    internal FileArbiter ArbiterWith(params string[] names) => ArbiterOver(Coordinator, names);

    internal FileArbiter ArbiterOver(ILeaseCoordinator coordinator, params string[] names)
    {
        FileArbiter arbiter = new(TheFile, coordinator, TestParty.Makers(_parties, Log, names));
        arbiter.Break(Breaker(range: new FileRange(0, 0))).Dispose(); // The parties are made for the first who asks.
        Log.Clear();
        return arbiter;
    }

    internal static async Task<ILayoutLease> Acquire(FileArbiter arbiter, bool isAsync, LeaseRequest request) =>
        isAsync ? await arbiter.AcquireAsync(request, CancellationToken.None) : arbiter.Acquire(request);

    internal static async Task<ILayoutRight> Break(FileArbiter arbiter, bool isAsync, BreakRequest request) =>
        isAsync ? await arbiter.BreakAsync(request, CancellationToken.None) : arbiter.Break(request);

    /// <summary>Everybody who joined was left, every operation has ended, once.</summary>
    internal void AssertAllIsGivenBack() => Assert.All(_parties, party =>
    {
        Assert.Equal((0, 0), (party.Members, party.Running));
        party.AssertNothingIsGivenBackTwice();
    });

    internal void AssertLog(params string[] expected)
    {
        Assert.Equal(expected, Log);
        Log.Clear();
    }
}
