using System.Globalization;
using DirectMap.Configuration;
using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;
using Outcome = DirectMap.Tests.Leases.Model.LeaseModel.Outcome;

namespace DirectMap.Tests.Leases.Model;

/// <summary>
/// Does one sequence to a coordinator and to the model, and compares the two after each step: every lease, breaker and waiting request by a
/// snapshot, every outcome by its task, and in the end that every holder was told exactly once. The coordinator revokes on the thread that
/// moves the clock, so nothing is left to chance.
/// </summary>
internal sealed class ModelRun
{
    private static readonly FileId[] s_files = [new(1, 1, 1), new(1, 2, 1), new(1, 3, 1)];

    private static readonly FileRange[] s_ranges =
    [
        FileRange.Whole, new(0, 10), new(5, 10), new(10, 10), new(20, 100), new(7, 1), FileRange.From(15), FileRange.From(100), new(12, 0),
    ];

    private static readonly TimeSpan s_unit = TimeSpan.FromMilliseconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly LeaseCoordinator _coordinator;
    private readonly LeaseModel _model = new() { BreakTime = 45_000 };
    private readonly object[] _owners = [new(), new(), new()];
    private readonly Dictionary<int, Held> _leases = [];
    private readonly Dictionary<int, Waiting<ILayoutLease?>> _requests = [];
    private readonly Dictionary<int, Waiting<ILayoutRight>> _breakers = [];
    private readonly Dictionary<int, ILayoutRight> _rights = [];
    private readonly List<(LeaseModel.Lease Model, Told Told)> _granted = [];
    private readonly DateTimeOffset _start;
    private int _ids;

    private ModelRun()
    {
        _start = _clock.GetUtcNow();
        _coordinator = new LeaseCoordinator(
            new LeaseCoordinatorOptions { TimeProvider = _clock, LeaseBreakTime = TimeSpan.FromSeconds(45) }, revocationThreads: 0);
    }

    /// <summary>What the sequence did, for statistics.</summary>
    internal Dictionary<Outcome, int> Outcomes { get; } = [];

    /// <exception cref="ModelException">The coordinator did something else than the model.</exception>
    internal static ModelRun Of(IReadOnlyList<ModelCommand> commands)
    {
        ModelRun run = new();
        for (int i = 0; i < commands.Count; i++)
        {
            try
            {
                run.Do(commands[i]);
                run.Compare();
            }
            catch (Exception exception)
            {
                throw new ModelException($"step {i}, {commands[i]}: {exception.Message}", exception);
            }
        }

        run.End();
        return run;
    }

    private void Do(ModelCommand command)
    {
        switch (command.Action)
        {
            case ModelAction.Acquire:
                Acquire(command);
                break;
            case ModelAction.Release when Pick(_model.Leases, command.A) is { } lease:
                _model.Release(lease);
                _leases[lease.Id].Lease.Dispose();
                break;
            case ModelAction.Upgrade when Pick(_model.Leases, command.A) is { } lease:
                Upgrade(lease, wait: command.B % 2 == 0);
                break;
            case ModelAction.Downgrade when Pick(_model.Leases, command.A) is { } lease:
                _model.Downgrade(lease);
                _leases[lease.Id].Lease.Downgrade();
                break;
            case ModelAction.GiveUpRequest when Pick(_model.Requests, command.A) is { } request:
                _model.GiveUp(request);
                _requests[request.Id].Cancel.Cancel();
                break;
            case ModelAction.Break:
                Break(command.A, command.B, command.C, command.D);
                break;
            case ModelAction.Join when Pick(_model.Breakers, command.A) is { } joined:
                Break(joined.File, command.B, command.C, command.D);
                break;
            case ModelAction.GiveUpBreak when Pick(_model.Breakers.FindAll(breaker => !breaker.IsRunning), command.A) is { } waiting:
                _model.GiveUp(waiting);
                _breakers[waiting.Id].Cancel.Cancel();
                Settle();
                break;
            case ModelAction.Finish when Pick(_model.Breakers.FindAll(breaker => breaker.IsRunning), command.A) is { } running:
                Settle();
                _model.Finish(running);
                _rights[running.Id].Dispose();
                break;
            case ModelAction.TimePasses:
                Pass(1000 * (1 + (command.A % 60)));
                break;
            case ModelAction.ChangeBreakTime:
                int seconds = (int[])[0, 5, 45] is var times ? times[command.A % 3] : 0;
                _model.BreakTime = 1000 * seconds;
                _coordinator.Services.LeaseBreakTime = TimeSpan.FromSeconds(seconds);
                break;
            default:
                break; // nothing there to do it to
        }
    }

    private void Acquire(ModelCommand command)
    {
        int id = _ids++;
        int file = command.A % s_files.Length;
        int owner = command.B % _owners.Length;
        FileRange range = s_ranges[command.C % s_ranges.Length];
        bool exclusive = command.D % 4 == 0;
        bool wait = command.D / 4 % 2 == 0;
        bool mapped = command.D / 8 % 2 == 0;
        int failures = command.D / 16 % 4 == 0 ? 1 : 0;
        Told told = new();
        int left = failures;
        LeaseRequest request = new()
        {
            File = s_files[file],
            Owner = _owners[owner],
            Mode = exclusive ? LeaseMode.Exclusive : LeaseMode.Shared,
            Range = range,
            Mapped = mapped ? range : default,
            Holder = Name(id),
            WhenUnavailable = wait ? WhenUnavailable.Wait : WhenUnavailable.Refuse,
            OnBreak = _ => Interlocked.Increment(ref told.Callbacks),
            Revoke = _ =>
            {
                if (left-- > 0)
                {
                    throw new IOException("not this time");
                }
            },
        };
        LeaseModel.Request expected = _model.Acquire(id, file, owner, range, exclusive, wait, mapped, failures);
        Start<ILayoutLease?>(_requests, id, async token => await _coordinator.AcquireAsync(request, token));
        _requests[id].Told = told;
        _requests[id].Model = expected;
    }

    private void Upgrade(LeaseModel.Lease lease, bool wait)
    {
        int id = _ids++;
        ILayoutLease held = _leases[lease.Id].Lease;
        LeaseModel.Request expected = _model.Upgrade(id, lease, wait);
        Start(_requests, id, async token =>
        {
            if (wait)
            {
                await held.UpgradeAsync(token);
            }
            else
            {
                held.Upgrade();
            }

            return null;
        });
        _requests[id].Model = expected;
    }

    private void Break(int a, int b, int c, int d)
    {
        int id = _ids++;
        int file = a % s_files.Length;
        int owner = b % _owners.Length;
        FileRange range = s_ranges[c % s_ranges.Length];
        bool takes = d % 2 == 0;
        bool nonBlocking = d / 2 % 3 == 0;
        bool layout = d / 6 % 3 == 0;
        int? timeout = d / 18 % 3 == 0 ? 7_500 + (id % 400) : null; // never at the same moment as a deadline, or another one's
        BreakRequest request = new()
        {
            File = s_files[file],
            Owner = _owners[owner],
            Operation = layout ? LayoutOperation.BreakLayout : LayoutOperation.Write,
            Range = range,
            TakesBlocksAway = takes,
            Breaker = Name(id),
            Options = new BreakOptions
            {
                WhenUnavailable = nonBlocking ? WhenUnavailable.Refuse : WhenUnavailable.Wait,
                Timeout = timeout is { } t ? t * s_unit : Timeout.InfiniteTimeSpan,
            },
        };
        LeaseModel.Breaker expected = _model.Break(id, file, owner, range, takes, nonBlocking, layout, timeout);
        Start(_breakers, id, async token => await _coordinator.BreakAsync(request, token));
        _breakers[id].Model = expected;
    }

    /// <summary>The clock stops at each moment at which something happens, so that one thing happens after the other.</summary>
    private void Pass(int time)
    {
        int end = _model.Now + time;
        while (_model.NextEvent() is { } next && next <= end)
        {
            Settle();
            _clock.Advance((next - _model.Now) * s_unit);
            _model.MoveTo(next);
        }

        Settle();
        _clock.Advance((end - _model.Now) * s_unit);
        _model.MoveTo(end);
    }

    private static void Start<T>(Dictionary<int, Waiting<T>> into, int id, Func<CancellationToken, Task<T>> start)
    {
        CancellationTokenSource cancel = new();
        into[id] = new Waiting<T>(start(cancel.Token), cancel);
    }

    /// <summary>Waits for every outcome that the model has announced, and compares it.</summary>
    private void Settle()
    {
        foreach (LeaseModel.Decided decided in _model.News)
        {
            Outcomes[decided.Outcome] = Outcomes.GetValueOrDefault(decided.Outcome) + 1;
            if (decided is LeaseModel.Breaker breaker)
            {
                if (OutcomeOf(_breakers[breaker.Id].Task, breaker) == Outcome.Granted)
                {
                    _rights[breaker.Id] = Result(_breakers[breaker.Id].Task);
                }
            }
            else if (decided is LeaseModel.Request request)
            {
                Waiting<ILayoutLease?> waiting = _requests[request.Id];
                if (OutcomeOf(waiting.Task, request) == Outcome.Granted && request.Lease is { } granted)
                {
                    ILayoutLease lease = Result(waiting.Task)!;
                    _leases[granted.Id] = new Held(lease);
                    _granted.Add((granted, waiting.Told!));
                    if (granted.Id % 2 == 0)
                    {
                        lease.Breaking.Register(() => Interlocked.Increment(ref waiting.Told!.Tokens));
                        waiting.Told!.HasToken = true;
                    }
                }
            }
        }

        _model.News.Clear();
    }

    private static Outcome OutcomeOf(Task task, LeaseModel.Decided expected)
    {
        Wait(task);
        Outcome outcome = task.Exception?.InnerException switch
        {
            LeaseConflictException conflict => Enum.Parse<Outcome>(conflict.Conflict.ToString()),
            ObjectDisposedException => Outcome.Ended,
            TimeoutException => Outcome.TimedOut,
            null => task.IsCanceled ? Outcome.GaveUp : Outcome.Granted,
            { } other => throw new ModelException($"{Name(expected.Id)}: {other}", other),
        };
        return outcome == expected.Outcome ? outcome : throw new ModelException(
            $"{Name(expected.Id)} is {outcome}, not {expected.Outcome}: {task.Exception?.InnerException?.Message}");
    }

    private void Compare()
    {
        Settle();
        for (int file = 0; file < s_files.Length; file++)
        {
            LeaseSnapshot actual = _coordinator.Snapshot(s_files[file]);
            Equal(
                _model.Leases.Where(lease => lease.File == file).Select(lease =>
                    $"{Name(lease.Id)} {lease.State} {(lease.Exclusive ? "Exclusive" : "Shared")} {lease.Range} "
                    + $"{(lease.BrokenBy is { } breaker ? Name(breaker) : "-")} {Time(lease.Deadline)}"),
                actual.Leases.Select(lease =>
                    $"{lease.Holder} {lease.State} {lease.Mode} {lease.Range} {lease.Break?.Breaker ?? "-"} {lease.Break?.Deadline:O}"));
            Equal(
                _model.Breakers.Where(breaker => breaker.File == file)
                    .Select(breaker => $"{Name(breaker.Id)} {breaker.IsRunning} {breaker.Range}"),
                actual.Breakers.Select(breaker => $"{breaker.Breaker} {breaker.IsRunning} {breaker.Range}"));
            Equal(
                _model.Requests.Where(request => request.File == file)
                    .Select(request => $"{Name(request.Upgraded?.Id ?? request.Id)} {request.Upgraded is not null} {request.Range}"),
                actual.Waiters.Select(waiter => $"{waiter.Holder} {waiter.IsUpgrade} {waiter.Range}"));
        }

        foreach (Task task in _requests.Values.Where(request => request.Model!.Outcome == Outcome.Pending)
            .Select(request => (Task)request.Task)
            .Concat(_breakers.Values.Where(breaker => breaker.Model!.Outcome == Outcome.Pending).Select(breaker => breaker.Task)))
        {
            if (task.IsCompleted)
            {
                throw new ModelException($"somebody goes on who should wait: {task.Exception?.Message}");
            }
        }
    }

    /// <summary>
    /// Everybody gives up and lets go; then nothing may be left, and everybody must have been told what concerned him, once.
    /// </summary>
    private void End()
    {
        _model.Requests.ToList().ForEach(request => Do(new ModelCommand(ModelAction.GiveUpRequest, 0, 0, 0, 0)));
        _model.Breakers.FindAll(breaker => !breaker.IsRunning).ForEach(_ => Do(new ModelCommand(ModelAction.GiveUpBreak, 0, 0, 0, 0)));
        _model.Leases.ToList().ForEach(_ => Do(new ModelCommand(ModelAction.Release, 0, 0, 0, 0)));
        Settle();
        while (_model.Breakers.Count != 0)
        {
            Do(new ModelCommand(ModelAction.Finish, 0, 0, 0, 0));
            Settle();
        }

        Compare();
        foreach ((LeaseModel.Lease lease, Told told) in _granted)
        {
            int expected = lease.BrokenBy is null ? 0 : 1;
            if (!SpinWait.SpinUntil(
                () => Volatile.Read(ref told.Callbacks) >= expected && (!told.HasToken || Volatile.Read(ref told.Tokens) >= expected),
                Soon.Patience)
                || told.Callbacks != expected || told.Tokens > expected)
            {
                throw new ModelException(
                    $"{Name(lease.Id)} was told {told.Callbacks} times by callback and {told.Tokens} times by token, not {expected}");
            }

            if (_leases[lease.Id].Lease.State != lease.State)
            {
                throw new ModelException($"{Name(lease.Id)} ended as {_leases[lease.Id].Lease.State}, not {lease.State}");
            }
        }

        if (_coordinator.FileCount != 0)
        {
            throw new ModelException($"something is left:\n{_coordinator.Snapshot()}");
        }
    }

    private static void Equal(IEnumerable<string> expected, IEnumerable<string> actual)
    {
        string one = string.Join('\n', expected);
        string other = string.Join('\n', actual);
        if (one != other)
        {
            throw new ModelException($"expected\n{one}\nfound\n{other}");
        }
    }

    private static T? Pick<T>(List<T> list, int index)
        where T : class => list.Count == 0 ? null : list[index % list.Count];

    private static string Name(int id) => id.ToString(CultureInfo.InvariantCulture);

    private string Time(int? deadline) =>
        deadline is { } time ? (_start + (time * s_unit)).ToString("O", CultureInfo.InvariantCulture) : "";

    private static void Wait(Task task)
    {
        if (!task.IsCompleted && !((IAsyncResult)task).AsyncWaitHandle.WaitOne(Soon.Patience))
        {
            throw new ModelException("somebody waits who should go on");
        }
    }

    private static T Result<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private sealed class Told
    {
        internal int Callbacks;
        internal int Tokens;
        internal bool HasToken;
    }

    private sealed record Held(ILayoutLease Lease);

    private sealed class Waiting<T>(Task<T> task, CancellationTokenSource cancel)
    {
        internal Task<T> Task => task;

        internal CancellationTokenSource Cancel => cancel;

        internal Told? Told { get; set; }

        internal LeaseModel.Decided? Model { get; set; }
    }
}

/// <summary>The coordinator and the model disagree.</summary>
internal sealed class ModelException(string message, Exception? inner = null) : Exception(message, inner);
