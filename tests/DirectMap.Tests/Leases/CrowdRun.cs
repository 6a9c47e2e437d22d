using DirectMap.Layout;
using DirectMap.Leases;

namespace DirectMap.Tests.Leases;

/// <summary>
/// A crowd of breakers, leases and requests on one table, and the same for <see cref="PlainBreakers"/>; compared after each step.
/// </summary>
internal sealed class CrowdRun(Random random, int owners, int end, int longest, int crowd)
{
    private readonly LeaseTable _table = new(
        new LeaseServices(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.Zero }, revocationThreads: 0), CoordinatorTest.TheFile);

    private readonly PlainBreakers _plain = new();
    private readonly object[] _owners = [.. Enumerable.Range(0, owners).Select(_ => new object())];
    private readonly Dictionary<PlainBreakers.Breaker, (Breaker Breaker, ILayoutRight? Right, Task<ILayoutRight>? Granted)> _breakers =
        new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<PlainBreakers.Lease, (ILayoutLease? Lease, LeaseWaiter? Waiter)> _leases =
        new(ReferenceEqualityComparer.Instance);
    private int _ids;

    internal void Do(int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            bool isGrowing = _plain.Breakers.Count < crowd && step < 2 * steps / 3;
            switch (random.Next(isGrowing ? 14 : 7))
            {
                case 0:
                    Acquire();
                    break;
                case 1:
                    Release();
                    break;
                case 2:
                    GiveUp();
                    break;
                case < 7:
                    Finish();
                    break;
                default:
                    Arrive();
                    break;
            }

            Compare(step);
        }
    }

    private void Arrive()
    {
        PlainBreakers.Breaker expected = new(_ids++, Owner(), Range(), IsRight: random.Next(2 + owners) == 0);
        BreakRequest request = CoordinatorTest.Breaker(
            expected.Owner, expected.Range, operation: expected.IsRight ? LayoutOperation.BreakLayout : LayoutOperation.Write);
        bool mayArrive = _plain.TryArrive(expected);
        try
        {
            _table.TryBreak(request, out Breaker breaker, out BreakOutcome outcome);
            Assert.True(mayArrive, "it waits for itself");
            _breakers[expected] = (breaker, outcome.Right, outcome.Granted);
        }
        catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.Deadlock)
        {
            Assert.False(mayArrive, "it would not wait for itself");
        }
    }

    private void Finish()
    {
        if (Pick(_plain.Breakers.FindAll(breaker => breaker.IsRunning)) is { } running)
        {
            _breakers.Remove(running, out var actual);
            (actual.Right ?? actual.Granted!.Result).Dispose();
            _plain.Leave(running);
        }
    }

    private void GiveUp()
    {
        if (Pick(_plain.Breakers.FindAll(breaker => !breaker.IsRunning)) is { } waiting)
        {
            _breakers.Remove(waiting, out var actual);
            Assert.True(_table.TryWithdraw(actual.Breaker));
            _plain.Leave(waiting);
        }
    }

    private void Acquire()
    {
        PlainBreakers.Lease expected = new(_ids++, Owner(), Range());
        bool isRefused = _plain.IsRefused(expected);
        try
        {
            LeaseRequest request = CoordinatorTest.Lease(expected.Owner, range: expected.Range, whenBreaking: WhenUnavailable.Wait);
            _table.TryAcquire(request, out LayoutLease? lease, out LeaseWaiter? waiter);
            Assert.False(isRefused, "a request waits for itself");
            _leases[expected] = (lease, waiter);
            _plain.Add(expected);
        }
        catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.Deadlock)
        {
            Assert.True(isRefused, "a request would not wait for itself");
        }
    }

    private void Release()
    {
        if (Pick(_plain.Leases) is { } left)
        {
            _leases.Remove(left, out var actual);
            if (left.IsGranted)
            {
                (actual.Lease ?? actual.Waiter!.Granted.Task.Result)!.Dispose();
            }
            else
            {
                Assert.True(_table.TryWithdraw(actual.Waiter!));
            }

            _plain.Release(left);
        }
    }

    private void Compare(int step)
    {
        foreach ((PlainBreakers.Breaker expected, var actual) in _breakers)
        {
            bool isRunning = actual.Right is not null || actual.Granted!.IsCompletedSuccessfully;
            Assert.True(expected.IsRunning == isRunning, $"step {step}: {expected}, and {(isRunning ? "runs" : "waits")}");
            Assert.Equal(isRunning, actual.Breaker.IsRunning);
            Assert.Equal(isRunning, actual.Breaker.Watched is null);
        }

        foreach ((PlainBreakers.Lease expected, var actual) in _leases)
        {
            bool isGranted = actual.Lease is not null || actual.Waiter!.Granted.Task.IsCompletedSuccessfully;
            Assert.True(expected.IsGranted == isGranted, $"step {step}: {expected}, and {(isGranted ? "is granted" : "waits")}");
        }
    }

    private object Owner() => _owners[random.Next(_owners.Length)];

    private FileRange Range() => new(random.Next(end), random.Next(longest) + (random.Next(20) == 0 ? 0 : 1));

    private T? Pick<T>(List<T> from)
        where T : class => from.Count == 0 ? null : from[random.Next(from.Count)];
}
