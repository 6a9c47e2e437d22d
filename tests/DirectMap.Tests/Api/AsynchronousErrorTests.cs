using System.Reflection;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Api;

/// <summary>
/// The one rule for where errors of asynchronous members appear: usage errors at the call, all else, cancellation included, in the task.
/// </summary>
public sealed class AsynchronousErrorTests : FileTest
{
    private readonly DirectFile _file;
    private readonly DirectFile _other;
    private readonly Probe _probe;

    public AsynchronousErrorTests()
    {
        _file = Create();
        _file.SetLength(128 << 10);
        _other = Create(name: "other.pmem");
        _probe = new Probe(_file, _other);
    }

    /// <summary>All that the shipped assemblies export, but for what an interface only repeats.</summary>
    private static IEnumerable<MethodInfo> Asynchronous => PublicMembers.Types.SelectMany(PublicMembers.Of).OfType<MethodInfo>()
        .Where(method => method.Name.EndsWith("Async", StringComparison.Ordinal) && method.Name != nameof(IAsyncDisposable.DisposeAsync));

    [Fact]
    public void A_cancelled_token_is_in_the_task_and_nothing_is_thrown_at_the_call()
    {
        using Subjects subjects = new(this);
        int count = 0;
        foreach (MethodInfo method in Asynchronous.Where(method => TokenOf(method) is not null && IsTask(method)))
        {
            object? target = subjects.Of(method);
            object?[] arguments = _probe.Arguments(method);
            arguments[TokenOf(method)!.Position] = new CancellationToken(canceled: true);

            object? result = Probe.Begin(target, method, arguments);

            Assert.True(Record.Exception(() => Probe.Wait(result)) is OperationCanceledException, $"{method.DeclaringType}.{method.Name}");
            count++;
        }

        Assert.InRange(count, 30, 60);
    }

    [Fact]
    public void A_cancelled_token_is_in_the_task_also_where_a_persist_makes_no_system_call()
    {
        Requires.Native(); // Or cache lines cannot be emulated.
        using MappedRegion region = _other.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });

        Assert.True(region.PersistAsync(new CancellationToken(canceled: true)).IsCanceled);
        Assert.True(region.PersistAsync(0, 1, new CancellationToken(canceled: true)).IsCanceled);
    }

    [Fact]
    public void A_revoked_region_is_in_the_task_of_a_persist()
    {
        Requires.Native(); // Or cache lines cannot be emulated.
        Assert.All<PersistGranularity?>([null, PersistGranularity.CacheLine], granularity =>
        {
            using DirectFile file = Create(name: $"{granularity}.pmem");
            using DirectFile breaker = Open($"{granularity}.pmem");
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
            Task write = breaker.WriteAsync(new byte[1], 0, cancellationToken: TestContext.Current.CancellationToken).AsTask();
            Soon.Until(() => region.State == RegionState.Breaking, "the break has begun");
            PassDeadline();
            Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");

            Task persist = region.PersistAsync(TestContext.Current.CancellationToken);

            Assert.IsType<MappingFaultException>(Record.Exception(() => persist.GetAwaiter().GetResult()));
            write.GetAwaiter().GetResult();
        });
    }

    [Fact]
    public void A_disposed_object_is_told_at_the_call()
    {
        using Subjects subjects = new(this);
        subjects.Dispose();
        int count = 0;
        foreach (MethodInfo method in Asynchronous.Where(method => !method.IsStatic && DocumentsDisposal(method)))
        {
            object? target = subjects.Of(method);
            ObjectDisposedException? thrown =
                Record.Exception(() => { _ = Probe.Begin(target, method, _probe.Arguments(method)); }) as ObjectDisposedException;

            Assert.True(
                thrown?.ObjectName is { } name && name.StartsWith("DirectMap.", StringComparison.Ordinal) && name.Split('.').Length == 2,
                $"{method.DeclaringType}.{method.Name}: {thrown?.ObjectName}");
            count++;
        }

        Assert.InRange(count, 25, 60);
    }

    [Fact]
    public void A_wrong_argument_is_told_at_the_call()
    {
        using Subjects subjects = new(this);
        int count = 0;
        foreach (MethodInfo method in Asynchronous)
        {
            foreach (ParameterInfo parameter in method.GetParameters())
            {
                object? wrong = parameter.ParameterType == typeof(long) ? -1L : null;
                if ((parameter.ParameterType.IsValueType && wrong is null) || parameter.IsOptional)
                {
                    continue;
                }

                object?[] arguments = _probe.Arguments(method);
                arguments[parameter.Position] = wrong;
                Assert.ThrowsAny<ArgumentException>(() => { _ = Probe.Begin(subjects.Of(method), method, arguments); });
                count++;
            }
        }

        Assert.InRange(count, 30, 150);
    }

    [Fact]
    public void What_the_stream_of_a_region_is_asked_for_after_its_end_is_told_at_the_call()
    {
        using MappedRegion region = _other.Map();
        Stream stream = region.GetStream();
        stream.Dispose();

        Assert.All<Action>(
            [
                () => { _ = stream.ReadAsync(new byte[1].AsMemory(), TestContext.Current.CancellationToken).AsTask(); },
                () => { _ = stream.WriteAsync(new byte[1].AsMemory(), TestContext.Current.CancellationToken).AsTask(); },
                () => { _ = stream.FlushAsync(TestContext.Current.CancellationToken); },
            ],
            call => Assert.Equal("DirectMap.MappedRegion", Assert.Throws<ObjectDisposedException>(call).ObjectName));
    }

    [Fact]
    public void What_is_refused_by_others_is_in_the_task()
    {
        using ILayoutLease exclusive = _file.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });
        using DirectFile second = Open();
        LeaseRequest lease = new() { File = _file.Id, Owner = new object() };
        BreakRequest breaker = new()
        {
            File = _file.Id,
            Owner = new object(),
            Operation = LayoutOperation.Write,
            Range = FileRange.Whole,
            Breaker = "test",
        };

        Assert.All<Func<Task>>(
            [
                () => second.AcquireLeaseAsync().AsTask(),
                () => second.BreakLayoutAsync(FileRange.Whole).AsTask(),
                () => second.WriteAsync(new byte[1], 0).AsTask(),
                () => Coordinator.AcquireAsync(lease).AsTask(),
                () => Coordinator.BreakAsync(breaker).AsTask(),
            ],
            call =>
            {
                Task task = call();
                Assert.ThrowsAny<LeaseConflictException>(() => task.GetAwaiter().GetResult());
            });
    }

    public override void Dispose()
    {
        _file.Dispose();
        _other.Dispose();
        base.Dispose();
    }

    private static ParameterInfo? TokenOf(MethodInfo method) =>
        method.GetParameters().FirstOrDefault(parameter => parameter.ParameterType == typeof(CancellationToken));

    private static bool IsTask(MethodInfo method) => !method.ReturnType.Name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal);

    private static bool DocumentsDisposal(MethodInfo method) => XmlDocs.Shipped.Of(method).Elements("exception")
        .Any(element => (string)element.Attribute("cref")! == "T:System.ObjectDisposedException");

    /// <summary>An object of each type that has asynchronous members.</summary>
    private sealed class Subjects : IDisposable
    {
        private readonly MappedRegion _logged;
        private readonly object[] _all;

        internal Subjects(AsynchronousErrorTests test)
        {
            DirectFile file = test.Open();
            MappedRegion region = test._other.Map(MapOptions.DirectOrEmulated);
            DirectFile logs = test.Create(name: "log.pmem");
            _logged = logs.Map(MapOptions.DirectOrEmulated);
            PersistentLog log = PersistentLog.Create(_logged);
            PersistentLogFollower follower = PersistentLogFollower.Open(_logged);
            ILayoutLease lease = logs.AcquireLease();
            DirectFileFactory factory = new(new DirectMapOptions(), test.Coordinator);
            _all = [follower, log, lease, region, file, logs, test.Coordinator, factory];
        }

        public void Dispose()
        {
            foreach (IDisposable one in _all.OfType<IDisposable>())
            {
                one.Dispose();
            }

            _logged.Dispose();
        }

        internal object? Of(MethodInfo method) =>
            method.IsStatic ? null : _all.First(one => method.DeclaringType!.IsInstanceOfType(one));
    }
}
