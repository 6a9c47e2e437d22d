using System.Diagnostics;
using DirectMap.Layout;
using DirectMap.Leases;

namespace DirectMap.Tests.Leases;

/// <summary>
/// Many breakers that wait on one file: who goes on is what the plain rules say, and what it costs grows no faster than n log n.
/// </summary>
public sealed class BreakerCrowdTests(ITestOutputHelper output)
{
    private const int Few = 1000;
    private const int Many = 10_000;

    private static readonly FileRange s_elsewhere = new(1L << 40, 4096);

    [Theory]
    [InlineData(5, 40, 12, 200)] // short ranges among many
    [InlineData(5, 40, 40, 300)] // most touch each other
    [InlineData(5, 4, 2, 300)] // most are the same
    [InlineData(5, 1_000_000, 400_000, 100)]
    [InlineData(1, 12, 12, 40)] // under its own rights
    [InlineData(2, 12, 12, 40)]
    [InlineData(2, 3, 3, 20)]
    public void Who_goes_on_is_what_the_plain_rules_say(int owners, int end, int longest, int crowd)
    {
        int seed = Environment.GetEnvironmentVariable("DIRECTMAP_CROWD_SEED") is { Length: > 0 } given
            ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        for (int run = 0; run < 30; run++)
        {
            try
            {
                new CrowdRun(new Random(seed + run), owners, end, longest, crowd).Do(steps: 3 * crowd);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed + run}: {exception.Message}", exception);
            }
        }
    }

    [Theory]
    [InlineData("one offset")]
    [InlineData("one offset, with an own right elsewhere")]
    [InlineData("one offset, with an own right elsewhere that others wait for")]
    [InlineData("one offset, under an own right")]
    [InlineData("ranges that overlap and are not equal")]
    [InlineData("the whole file, and single bytes in turn")]
    [InlineData("two offsets in turn, with requests for leases")]
    [InlineData("one offset, and every other one gives up")]
    [InlineData("one offset under an own right, and every other one gives up")]
    [InlineData("the whole file and then single bytes, and the last give up first")]
    [InlineData("ranges that overlap, and half give up in any order")]
    [InlineData("the whole file, for rights")]
    [InlineData("longer and longer ranges, for rights of one owner")]
    [InlineData("one offset, and each owner has a right on other bytes")]
    [InlineData("one offset, and one owner has as many rights on other bytes")]
    public void Ten_times_as_many_breakers_cost_no_hundred_times_as_much(string crowd)
    {
        Crowd.Run(crowd, Few); // compiled
        TimeSpan few = Enumerable.Range(0, 5).Min(_ => Crowd.Run(crowd, Few));
        // n log n would be 13 times, and what is large is in slower caches; n^2 would be 100 times, and some seconds.
        TimeSpan most = (40 * few) + TimeSpan.FromMilliseconds(300), many = TimeSpan.MaxValue;

        // Others may be at work on the machine: they slow some of the runs, and n^2 slows each of them.
        for (int run = 0; run < 10 && many >= most; run++)
        {
            TimeSpan took = Crowd.Run(crowd, Many);
            many = took < many ? took : many;
        }

        output.WriteLine($"{crowd}: {few.TotalMilliseconds:0.0} ms for {Few}, {many.TotalMilliseconds:0.0} ms for {Many}");
        Assert.True(many < most, $"{few} for {Few}, {many} for {Many}");
    }

    /// <summary>One file's table, told of one thing after another on one thread.</summary>
    private sealed class Crowd
    {
        private readonly LeaseTable _table = new(
            new LeaseServices(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.Zero }, revocationThreads: 0),
            CoordinatorTest.TheFile);

        private readonly object _own = new();
        private readonly object _other = new();
        private readonly Queue<(Breaker Breaker, Task<ILayoutRight> Granted)> _waiting = new();
        private readonly List<Task<LayoutLease?>> _requests = [];

        internal static TimeSpan Run(string kind, int count)
        {
            Crowd crowd = new();
            Random random = new(1);
            bool isUnderRight = kind.Contains("under an own right", StringComparison.Ordinal);
            LayoutLease? holder = isUnderRight
                ? null
                : crowd.Hold(new FileRange(0, 1 << 30));
            LayoutRight? right = isUnderRight
                ? crowd.Break(crowd._own, new FileRange(0, 1 << 30), LayoutOperation.BreakLayout).Right
                : kind.Contains("elsewhere", StringComparison.Ordinal)
                    ? crowd.Break(crowd._own, s_elsewhere, LayoutOperation.BreakLayout).Right : null;
            LayoutRight? first = isUnderRight ? crowd.Break(crowd._own, new FileRange(0, 1), LayoutOperation.Write).Right : null;
            if (kind.Contains("others wait for", StringComparison.Ordinal))
            {
                crowd.Queue(crowd._other, s_elsewhere);
            }

            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                bool isOne = kind.Contains("own right", StringComparison.Ordinal) || kind.Contains("one owner", StringComparison.Ordinal);
                object owner = isOne ? crowd._own : new object();
                crowd.BreakOtherBytes(kind, owner, i);
                crowd.Queue(
                    owner,
                    Range(kind, i, count, random),
                    kind.Contains("for rights", StringComparison.Ordinal) ? LayoutOperation.BreakLayout : LayoutOperation.Write);
                if (kind.Contains("requests", StringComparison.Ordinal))
                {
                    crowd.Request(new FileRange(100 * (i % 2), 10));
                }
            }

            crowd.GiveUp(kind, count, random);
            holder?.Dispose();
            first?.Dispose();
            crowd.Finish(right);
            return Stopwatch.GetElapsedTime(began);
        }

        private static FileRange Range(string kind, int i, int count, Random random) => kind switch
        {
            _ when kind.StartsWith("one offset", StringComparison.Ordinal) => new FileRange(0, 1),
            _ when kind.StartsWith("ranges that overlap", StringComparison.Ordinal) =>
                new FileRange(random.Next(1000), 1 + random.Next(1000)),
            _ when kind.StartsWith("two offsets", StringComparison.Ordinal) => new FileRange(100 * (i % 2), 10),
            _ when kind.StartsWith("longer and longer", StringComparison.Ordinal) => new FileRange(0, 1 + i),
            _ when kind.StartsWith("the whole file, for rights", StringComparison.Ordinal) => new FileRange(0, 1 << 30),
            _ when kind.Contains("in turn", StringComparison.Ordinal) => i % 2 == 0 ? new FileRange(0, 1 << 30) : new FileRange(i, 1),
            _ => i < count / 2 ? new FileRange(0, 1 << 30) : new FileRange(i, 1),
        };

        private LayoutLease Hold(FileRange range)
        {
            Assert.True(_table.TryAcquire(CoordinatorTest.Lease(new object(), range: range), out LayoutLease? lease, out _));
            return lease!;
        }

        private (Breaker Breaker, LayoutRight? Right, Task<ILayoutRight>? Granted) Break(
            object owner, FileRange range, LayoutOperation operation)
        {
            BreakRequest request = CoordinatorTest.Breaker(owner, range, operation: operation);
            Assert.True(_table.TryBreak(request, out Breaker breaker, out BreakOutcome outcome));
            return (breaker, outcome.Right, outcome.Granted);
        }

        private void BreakOtherBytes(string kind, object owner, int number)
        {
            if (kind.Contains("on other bytes", StringComparison.Ordinal))
            {
                Assert.NotNull(Break(owner, new FileRange(s_elsewhere.End + (10L * number), 10), LayoutOperation.BreakLayout).Right);
            }
        }

        private void Queue(object owner, FileRange range, LayoutOperation operation = LayoutOperation.Write)
        {
            (Breaker breaker, _, Task<ILayoutRight>? granted) = Break(owner, range, operation);
            _waiting.Enqueue((breaker, granted!));
        }

        private void Request(FileRange range)
        {
            LeaseRequest request = CoordinatorTest.Lease(new object(), range: range, whenBreaking: WhenUnavailable.Wait);
            Assert.True(_table.TryAcquire(request, out _, out LeaseWaiter? waiter));
            _requests.Add(waiter!.Granted.Task);
        }

        private void GiveUp(string kind, int count, Random random)
        {
            (Breaker Breaker, Task<ILayoutRight>)[] waiting = [.. _waiting];
            IEnumerable<(Breaker Breaker, Task<ILayoutRight>)> gone =
                kind.Contains("every other one gives up", StringComparison.Ordinal) ? waiting.Where((_, i) => i % 2 == 0)
                : kind.Contains("last give up first", StringComparison.Ordinal) ? waiting.Take(count / 2).Reverse()
                : kind.Contains("in any order", StringComparison.Ordinal) ? random.GetItems(waiting, count / 2).Distinct()
                : [];
            HashSet<Breaker> left = [];
            foreach ((Breaker breaker, _) in gone)
            {
                Assert.True(_table.TryWithdraw(breaker));
                left.Add(breaker);
            }

            _waiting.Clear();
            foreach ((Breaker breaker, Task<ILayoutRight> granted) in waiting.Where(one => !left.Contains(one.Breaker)))
            {
                _waiting.Enqueue((breaker, granted));
            }
        }

        private void Finish(LayoutRight? right)
        {
            while (_waiting.TryDequeue(out (Breaker Breaker, Task<ILayoutRight> Granted) next))
            {
                if (!next.Granted.IsCompleted)
                {
                    right!.Dispose(); // The one that waits for it is the first.
                }

                Assert.True(next.Granted.IsCompletedSuccessfully, "one that came later went on");
                next.Granted.Result.Dispose();
            }

            Assert.All(_requests, request => Assert.True(request.IsCompletedSuccessfully));
        }
    }
}
