using System.Collections.Concurrent;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>
/// Random sequences to the arbiter with three parties and to a model of it, and random schedules of many threads with what must hold at the
/// end of them.
/// </summary>
public sealed class ArbiterModelTests : ArbiterTest
{
    private static readonly string[] s_names = ["a", "b", "c"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task In_any_sequence_each_party_has_as_many_members_as_there_are_leases_and_knows_each_operation(int seed)
    {
        Random random = new(seed);
        FileArbiter arbiter = ArbiterWith(s_names);
        Dictionary<ILayoutLease, bool> leases = []; // and whether it is revoked
        List<ILayoutRight> rights = [];
        Protection?[] levels = new Protection?[s_names.Length];
        for (int step = 0; step < 200; step++)
        {
            bool isAsync = random.Next(2) == 0;
            int refusing = random.Next(6);
            int moves = random.Next(3) == 0 ? random.Next(1, FileArbiter.MostAttempts + 2) : 0;
            Script(refusing, moves);
            switch (random.Next(7))
            {
                case 0 or 1:
                    bool isPossible = rights.Count == 0 && refusing >= s_names.Length && moves < FileArbiter.MostAttempts;
                    Exception? refusal = await Record.ExceptionAsync(
                        async () => leases.Add(await Acquire(arbiter, isAsync, Lease(revoke: static _ => { })), false));
                    Assert.Equal(isPossible, refusal is null);
                    break;
                case 2 when leases.Count > 0:
                    leases.Remove(At(leases.Keys, random, out ILayoutLease lease));
                    lease.Dispose();
                    break;
                case 3 when rights.Count == 0 && leases.Values.All(static isRevoked => isRevoked):
                    Exception? thrown = await Record.ExceptionAsync(async () => rights.Add(await Break(arbiter, isAsync, Breaker())));
                    Assert.Equal(refusing >= s_names.Length, thrown is null);
                    break;
                case 4 when rights.Count > 0:
                    rights[0].Dispose();
                    rights.Clear();
                    break;
                case 5 when rights.Count == 0:
                    // A party breaks all leases, and nobody lets go.
                    Task<ILayoutRight> breaking = Parties[random.Next(s_names.Length)].Seat.BreakAsync(Breaker(), default).AsTask();
                    Clock.Advance(BreakTime);
                    (await breaking.Within()).Dispose();
                    leases.Keys.ToList().ForEach(one => leases[one] = true);
                    break;
                default:
                    int at = random.Next(s_names.Length);
                    levels[at] = new Protection((ProtectionLevel)random.Next(4), $"of step {step}");
                    Parties[at].Seat.SetLevel(levels[at]!);
                    break;
            }

            int inForce = leases.Values.Count(static isRevoked => !isRevoked);
            Assert.All(Parties, party => Assert.Equal((inForce, rights.Count), (party.Members, party.Running)));
            Assert.Equal(StrongestOf(levels), arbiter.Protection);
        }

        foreach (IDisposable held in leases.Keys.Concat<IDisposable>(rights))
        {
            held.Dispose();
        }

        AssertAllIsGivenBack();
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Fact]
    public void Under_many_threads_no_lease_is_held_on_a_word_that_does_not_hold_and_everybody_is_left()
    {
        const int Rounds = 400;
        FileArbiter arbiter = ArbiterWith("a");
        ConcurrentQueue<string> wrong = new();
        int version = 0;
        using ThreadLocal<int> word = new();
        Party.Joining = (_, _) =>
        {
            word.Value = Volatile.Read(ref version);
            return default;
        };
        void Hold()
        {
            for (int i = 0; i < Rounds; i++)
            {
                using ILayoutLease lease = arbiter.Acquire(Lease(whenBreaking: WhenUnavailable.Wait, revoke: static _ => { }));
                int given = word.Value;

                // If the word is an old one the party has looked at the leases after it, or is about to.
                if (given != Volatile.Read(ref version) && !SpinWait.SpinUntil(() => lease.CurrentBreak is not null, Soon.Patience))
                {
                    wrong.Enqueue($"a lease is held on word {given}");
                }
            }
        }

        void Change()
        {
            for (int i = 0; i < Rounds; i++)
            {
                Interlocked.Increment(ref version);
                Party.Seat.MoveEpoch();
                Party.Seat.Break(Breaker()).Dispose();
                arbiter.Break(Breaker()).Dispose();
            }
        }

        Thread[] threads = [new(Hold), new(Hold), new(Hold), new(Change)];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(2))));

        Assert.Empty(wrong);
        AssertAllIsGivenBack();
        Assert.Equal(0, Coordinator.FileCount);
    }

    /// <param name="refusing">The party that throws; none where there is none of that number.</param>
    /// <param name="moves">How many joins of the last party move its epoch.</param>
    private void Script(int refusing, int moves)
    {
        int left = moves;
        for (int i = 0; i < s_names.Length; i++)
        {
            int at = i;
            Parties[i].Joining = (_, _) =>
            {
                if (at == s_names.Length - 1 && left-- > 0)
                {
                    Parties[at].Seat.MoveEpoch();
                }

                return at == refusing ? throw new InvalidTimeZoneException("no") : default;
            };
            Parties[i].Clearing = (_, _) => at == refusing ? throw new InvalidTimeZoneException("no") : default;
        }
    }

    private static ILayoutLease At(Dictionary<ILayoutLease, bool>.KeyCollection leases, Random random, out ILayoutLease lease) =>
        lease = leases.ElementAt(random.Next(leases.Count));

    private static Protection StrongestOf(Protection?[] levels) =>
        levels.Where(static level => level is { Level: >= ProtectionLevel.ThisProcess })
            .OrderByDescending(static level => level!.Level) // The first of equals stays the first.
            .FirstOrDefault() ?? FileArbiter.Unwatched;
}
