using DirectMap.Layout;
using DirectMap.Leases;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// Runs operations on threads of their own in every order in which their steps can follow each other. A thread stops at each of its steps
/// until it is chosen; one thread runs at a time. After each step the invariants are checked. Which orders there are is found by running:
/// each run notes how many threads it could have chosen at each point, and the next run chooses differently at the last point where it can.
/// </summary>
internal sealed class Interleavings
{
    private readonly IReadOnlySet<LeaseStep> _steps;
    private readonly List<Operation> _operations = [];
    private readonly SemaphoreSlim _changed = new(0);
    private readonly List<string> _trace = [];

    private Interleavings(IReadOnlySet<LeaseStep> steps) => _steps = steps;

    /// <summary>One way through: what runs, what must hold after each step, and at the end.</summary>
    internal sealed class Scenario
    {
        internal required LeaseCoordinator Coordinator { get; init; }

        internal required (string Name, Action<Interleavings> Run)[] Operations { get; init; }

        /// <summary>Returns what is violated, or null.</summary>
        internal required Func<string?> Invariant { get; init; }

        /// <summary>Called when nobody can go on by himself; lets the waiting ones go on, who then must.</summary>
        internal Action Unblock { get; init; } = () => { };

        /// <summary>Called when all have ended; asserts.</summary>
        internal required Action End { get; init; }
    }

    /// <summary>Goes through all orders.</summary>
    /// <returns>How many there were.</returns>
    internal static int Explore(Func<Scenario> create, params LeaseStep[] steps)
    {
        int runs = 0;
        List<int> choices = [];
        HashSet<LeaseStep> stops = [.. steps];
        while (true)
        {
            Interleavings run = new(stops);
            List<int> options = run.Go(create(), choices);
            runs++;
            int last = options.Count - 1;
            while (last >= 0 && (last < choices.Count ? choices[last] : 0) + 1 >= options[last])
            {
                last--;
            }

            if (last < 0)
            {
                return runs;
            }

            choices = [.. Enumerable.Range(0, last + 1).Select(at => at < choices.Count ? choices[at] : 0)];
            choices[last]++;
        }
    }

    /// <summary>A step of the test's own: the calling thread stops here.</summary>
    internal static void Stop(string name) => Operation.Current?.Park(name);

    /// <summary>Interrupts the operation if it is blocked; otherwise does nothing.</summary>
    internal void InterruptIfBlocked(int operation)
    {
        Operation target = _operations[operation];
        if (target.State == Where.Blocked)
        {
            target.Interrupt();
        }
    }

    private List<int> Go(Scenario scenario, List<int> choices)
    {
        List<int> options = [];
        scenario.Coordinator.AtStep = (step, awaited) =>
        {
            if (Operation.Current is { } operation && (_steps.Contains(step) || step is LeaseStep.Waiting or LeaseStep.Waited))
            {
                operation.Park(step.ToString(), awaited);
            }
        };
        foreach ((string name, Action<Interleavings> run) in scenario.Operations)
        {
            _operations.Add(new Operation(this, name, () => run(this)));
        }

        _operations.ForEach(operation => operation.Start());
        bool unblocked = false;
        while (true)
        {
            Assert.True(SettleAll(), $"a thread is lost after {Trace}");
            if (scenario.Invariant() is { } violation)
            {
                Assert.Fail($"{violation}\nafter {Trace}");
            }

            List<Operation> ready = _operations.FindAll(operation => operation.State == Where.Parked);
            if (ready.Count == 0)
            {
                if (_operations.TrueForAll(operation => operation.State == Where.Ended))
                {
                    break;
                }

                IEnumerable<string> blocked =
                    _operations.Where(operation => operation.State == Where.Blocked).Select(operation => operation.Name);
                Assert.False(unblocked, $"{string.Join(", ", blocked)} waits for ever after {Trace}");
                unblocked = true;
                scenario.Unblock();
                continue;
            }

            int choice = options.Count < choices.Count ? choices[options.Count] : 0;
            options.Add(ready.Count);
            _trace.Add($"{ready[choice].Name}:{ready[choice].At}");
            ready[choice].Go();
        }

        try
        {
            Assert.All(_operations, operation => Assert.Null(operation.Failure));
            scenario.End();
        }
        catch (Exception exception)
        {
            Assert.Fail($"{exception.Message}\nafter {Trace}");
        }

        return options;
    }

    private string Trace => string.Join(" ", _trace);

    /// <summary>Waits until no thread is running: each is parked, has ended, or is blocked by something that has not happened.</summary>
    private bool SettleAll()
    {
        while (_operations.Exists(operation => operation.IsRunning))
        {
            if (!_changed.Wait(Soon.Patience))
            {
                return false;
            }
        }

        return true;
    }

    private enum Where
    {
        Running,
        Parked,
        Blocked,
        Ended,
    }

    private sealed class Operation(Interleavings owner, string name, Action run)
    {
        [ThreadStatic]
        private static Operation? t_current;

        private readonly SemaphoreSlim _go = new(0);
        private Thread? _thread;
        private volatile Where _state;
        private volatile Task? _awaited;
        private volatile bool _interrupted;

        internal static Operation? Current => t_current;

        internal string Name => name;

        internal string At { get; private set; } = "start";

        internal Where State => _state;

        internal Exception? Failure { get; private set; }

        /// <summary>A blocked thread counts as running as soon as what it waits for has happened.</summary>
        internal bool IsRunning =>
            _state == Where.Running || (_state == Where.Blocked && (_interrupted || _awaited is not { IsCompleted: false }));

        internal void Start()
        {
            _thread = new Thread(() =>
            {
                t_current = this;
                Park("start");
                try
                {
                    run();
                }
                catch (Exception exception)
                {
                    Failure = exception;
                }
                finally
                {
                    _state = Where.Ended;
                    owner._changed.Release();
                }
            })
            { IsBackground = true };
            _thread.Start();
        }

        internal void Park(string at, Task? awaited = null)
        {
            At = at;
            _awaited = awaited;
            _interrupted = false;
            _state = Where.Parked;
            owner._changed.Release();
            while (true)
            {
                try
                {
                    _go.Wait();
                    return;
                }
                catch (ThreadInterruptedException)
                {
                    // It was for a wait that had ended already.
                }
            }
        }

        internal void Go()
        {
            _state = _awaited is null ? Where.Running : Where.Blocked;
            _go.Release();
        }

        internal void Interrupt()
        {
            _interrupted = true;
            _thread!.Interrupt();
        }
    }
}
