using System.Reflection;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Api;

/// <summary>
/// That what is documented as thrown is thrown, and the other way round, where a machine can find out: every member is called after
/// Dispose, with null, with a negative number, with a cancelled token, on a file for reading only.
/// </summary>
public sealed class DocumentedExceptionTests : FileTest
{
    private static readonly XmlDocs s_docs = XmlDocs.Shipped;

    private readonly DirectFile _file;
    private readonly DirectFile _other;
    private readonly Probe _probe;

    public DocumentedExceptionTests()
    {
        _file = Create();
        _file.SetLength(128 << 10); // With a hole, so that Prepare has something to do.
        _other = Create(name: "other.pmem");
        _probe = new Probe(_file, _other);
    }

    [Fact]
    public void After_Dispose_every_member_does_what_it_documents()
    {
        using DirectFile holder = Open();
        MappedRegion region = holder.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4096) });
        ILayoutLease lease = holder.AcquireLease();
        using MappedRegion logged = _other.Map(MapOptions.DirectOrEmulated);
        PersistentLog log = PersistentLog.Create(logged);
        log.Dispose();
        region.Dispose();
        lease.Dispose();
        ILayoutRight right = _file.BreakLayout(FileRange.Whole);
        right.Dispose();
        DirectFile disposed = Open();
        disposed.Dispose();

        AgreeOn<ObjectDisposedException>(
            from subject in new (object Target, Type Type)[]
            {
                (disposed, typeof(DirectFile)),
                (region, typeof(MappedRegion)),
                (region.Atomics, typeof(RegionAtomics)),
                (log, typeof(PersistentLog)),
                (lease, typeof(ILayoutLease)),
                (right, typeof(ILayoutRight))
            }
            from member in PublicMembers.Of(subject.Type)
            where !IsStatic(member)
            select new Call(subject.Target, member, _probe.Arguments(member), "after Dispose"));
    }

    [Fact]
    public void Null_is_an_ArgumentNullException_where_that_is_documented_and_nowhere_else() => AgreeOn<ArgumentNullException>(
        from call in Calls()
        from parameter in XmlDocs.Parameters(call.Member)
        where !parameter.ParameterType.IsValueType && !parameter.ParameterType.IsByRef && !parameter.ParameterType.IsGenericParameter
            && new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.NotNull
        select call.With(parameter, null));

    [Fact]
    public void A_negative_number_is_an_ArgumentOutOfRangeException_where_that_is_documented_and_nowhere_else() =>
        AgreeOn<ArgumentOutOfRangeException>(
            from call in Calls()
            from parameter in XmlDocs.Parameters(call.Member)
            where parameter.ParameterType == typeof(long) || parameter.ParameterType == typeof(int)
            select call.With(parameter, Convert.ChangeType(-1, parameter.ParameterType)));

    [Fact]
    public void A_cancelled_token_is_an_OperationCanceledException_where_that_is_documented_and_nowhere_else() =>
        AgreeOn<OperationCanceledException>(
            from call in Calls()
            from parameter in XmlDocs.Parameters(call.Member)
            where parameter.ParameterType == typeof(CancellationToken)
            select call.With(parameter, new CancellationToken(canceled: true)));

    [Fact]
    public void What_a_file_for_reading_only_throws_is_documented()
    {
        using DirectFile file = DirectFile.Open(_file.Path, Options with { Access = FileAccess.Read });

        string[] found = [.. from call in Calls()
            where call.Target == _file
            let thrown = Probe.Call(file, call.Member, call.Arguments)
            where thrown is not null && !BasesOf(thrown.GetType()).Any(type => Documents(call.Member, type))
            select $"{DocId.Of(call.Member)} throws {thrown.GetType().Name}: {thrown.Message}"];

        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    public override void Dispose()
    {
        _file.Dispose();
        _other.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// Each method and constructor, with arguments that are fine. Not those that would end the object they are called on.
    /// </summary>
    private IEnumerable<Call> Calls()
    {
        MappedRegion region = _other.Map(MapOptions.DirectOrEmulated);
        try
        {
            object[] targets =
                [_file, region, region.Atomics, PersistentLog.Create(region), new LeaseCoordinator(), new EmulatedBlockMap(4096)];
            string[] endings = [nameof(IDisposable.Dispose), nameof(IAsyncDisposable.DisposeAsync), nameof(MappedRegion.ReleaseAsync)];
            foreach (MemberInfo member in s_docs.Members.Values.Where(member => member is MethodBase && !endings.Contains(member.Name)))
            {
                object? target = targets.FirstOrDefault(one => one.GetType() == member.DeclaringType);
                if (target is not null || IsStatic(member))
                {
                    yield return new Call(target, member, _probe.Arguments(member), "");
                }
            }
        }
        finally
        {
            region.Dispose();
        }
    }

    private static void AgreeOn<TException>(IEnumerable<Call> calls)
        where TException : Exception
    {
        List<string> found = [];
        int count = 0;
        foreach (Call call in calls)
        {
            count++;
            Exception? thrown = Probe.Call(call.Target, call.Member, call.Arguments);
            bool documents = Documents(call.Member, typeof(TException));
            if (documents != thrown is TException)
            {
                found.Add(
                    $"{DocId.Of(call.Member)} {call.What} {(documents ? "documents" : "does not document")} {typeof(TException).Name}, "
                        + $"and {(thrown is null ? "throws nothing" : $"throws {thrown.GetType().Name}: {thrown.Message}")}");
            }
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
        Assert.NotEqual(0, count);
    }

    private static bool Documents(MemberInfo member, Type exception) =>
        s_docs.Of(member).Elements("exception").Any(element => (string)element.Attribute("cref")! == "T:" + exception.FullName);

    /// <summary>The exception itself, and the classes above it.</summary>
    private static IEnumerable<Type> BasesOf(Type type)
    {
        for (Type at = type; at != typeof(Exception); at = at.BaseType!)
        {
            yield return at;
        }
    }

    private static bool IsStatic(MemberInfo member) => member switch
    {
        ConstructorInfo => true,
        MethodInfo method => method.IsStatic,
        PropertyInfo property => property.GetMethod!.IsStatic,
        _ => true,
    };

    private sealed record Call(object? Target, MemberInfo Member, object?[] Arguments, string What)
    {
        internal Call With(ParameterInfo parameter, object? value) =>
            this with
            {
                Arguments = [.. Arguments.Select((argument, i) => i == parameter.Position ? value : argument)],
                What = $"with {parameter.Name} = {value ?? "null"}"
            };
    }
}
