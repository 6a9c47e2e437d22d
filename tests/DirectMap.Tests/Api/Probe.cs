using System.Reflection;

namespace DirectMap.Tests.Api;

/// <summary>Calls members of the library with arguments that are fine, except for what a test changes, and says what was thrown.</summary>
internal sealed class Probe(DirectFile file, DirectFile other)
{
    private MappedRegion? _region;

    /// <summary>What reflection cannot call: spans and ref structs.</summary>
    private static readonly Dictionary<string, Func<object, object?[], object?>> s_byHand = new()
    {
        ["M:DirectMap.DirectFile.Read(System.Span{System.Byte},System.Int64)"] = (target, arguments) =>
            ((DirectFile)target).Read(new byte[1], (long)arguments[1]!),
        ["M:DirectMap.DirectFile.Write(System.ReadOnlySpan{System.Byte},System.Int64,DirectMap.BreakOptions)"] = (target, arguments) =>
        {
            ((DirectFile)target).Write(new byte[1], (long)arguments[1]!, (BreakOptions?)arguments[2]);
            return null;
        },
        ["M:DirectMap.MappedRegion.CopyTo(System.Int64,System.Span{System.Byte})"] = (target, arguments) =>
        {
            ((MappedRegion)target).CopyTo((long)arguments[0]!, new byte[1]);
            return null;
        },
        ["M:DirectMap.MappedRegion.PersistCopy(System.Int64,System.ReadOnlySpan{System.Byte},DirectMap.StoreFlags)"] = (
            target, arguments) =>
        {
            ((MappedRegion)target).PersistCopy((long)arguments[0]!, new byte[1], (StoreFlags)arguments[2]!);
            return null;
        },
        ["M:DirectMap.MappedRegion.CopyFrom(System.Int64,System.ReadOnlySpan{System.Byte})"] = (target, arguments) =>
        {
            ((MappedRegion)target).CopyFrom((long)arguments[0]!, new byte[1]);
            return null;
        },
        ["M:DirectMap.PersistentLog.Append(System.ReadOnlySpan{System.Byte})"] = (target, _) => ((PersistentLog)target).Append(new byte[1]),
        ["M:DirectMap.PersistentLog.AppendBatch(System.ReadOnlySpan{System.ReadOnlyMemory{System.Byte}})"] = (target, _) =>
            ((PersistentLog)target).AppendBatch([new byte[1]]),
        ["M:DirectMap.MappedRegion.OpenScope(System.Int64,System.Int32)"] = (target, arguments) =>
        {
            ((MappedRegion)target).OpenScope((long)arguments[0]!, (int)arguments[1]!).Dispose();
            return null;
        },
    };

    /// <summary>Null when nothing was thrown. Waits for a task, and enumerates what comes bit by bit.</summary>
    internal static Exception? Call(object? target, MemberInfo member, object?[] arguments)
    {
        try
        {
            Wait(Begin(target, member, arguments));
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    /// <summary>Makes the call, and waits for nothing: what it throws was thrown at the call.</summary>
    internal static object? Begin(object? target, MemberInfo member, object?[] arguments) => member switch
    {
        PropertyInfo property => property.GetMethod!.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null),
        ConstructorInfo constructor => constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null),
        MethodInfo method when s_byHand.TryGetValue(DocId.Of(method), out Func<object, object?[], object?>? call) =>
            call(target!, arguments),
        MethodInfo { IsGenericMethodDefinition: true } generic =>
            generic.MakeGenericMethod(typeof(long)).Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null),
        MethodInfo method => method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null),
        _ => throw new NotSupportedException(member.ToString()),
    };

    internal object?[] Arguments(MemberInfo member) => [.. XmlDocs.Parameters(member)
        .Select(parameter => parameter.IsOptional ? Optional(parameter) : Argument(parameter.ParameterType, parameter.Name!))];

    private static object? Optional(ParameterInfo parameter) =>
        parameter.RawDefaultValue ?? (parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null);

    private object? Argument(Type type, string name)
    {
        if (type.IsByRef)
        {
            return Argument(type.GetElementType()!, name);
        }

        object? known = type switch
        {
            _ when type == typeof(long) => name.Contains("ength", StringComparison.Ordinal) ? 4096L : 0L,
            _ when type == typeof(int) => 4096,
            _ when type == typeof(string) => name == "path" ? file.Path : "text",
            _ when type == typeof(FileRange) => new FileRange(0, 4096),
            _ when type == typeof(MapOptions) => MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4096) },
            _ when type == typeof(DirectFile) => other,
            _ when type == typeof(MappedRegion) => _region ??= other.Map(MapOptions.DirectOrEmulated),
            _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>(new byte[1]),
            _ when type == typeof(IReadOnlyList<ReadOnlyMemory<byte>>) => new ReadOnlyMemory<byte>[] { new byte[1] },
            _ when type == typeof(WritebackFailure) => new WritebackFailure(file.Id, number: 1, errno: 5, "failed"),
            _ when type == typeof(Memory<Extent>) => new Memory<Extent>(new Extent[1]),
            _ when type == typeof(LeaseRequest) => new LeaseRequest { File = default, Owner = new object() },
            _ when type == typeof(BreakRequest) => new BreakRequest
            {
                File = default,
                Owner = new object(),
                Operation = LayoutOperation.Write,
                Range = FileRange.Whole,
                Breaker = "probe"
            },
            _ when type == typeof(LeaseCoordinatorOptions) => new LeaseCoordinatorOptions(),
            _ when type == typeof(Protection) => (_region ??= other.Map(MapOptions.DirectOrEmulated)).Protection,
            _ when type == typeof(IFaultPolicy) => FaultPolicies.Strict,
            _ when type == typeof(IFaultPolicy[]) => new[] { FaultPolicies.Strict },
            _ when type == typeof(RefusalReason[]) => new[] { RefusalReason.Hole },
            _ when type == typeof(RefusalReason) => RefusalReason.Hole,
            _ => null,
        };
        return known ?? (type.IsByRefLike || !type.IsValueType || type.IsGenericParameter ? null : Activator.CreateInstance(type));
    }

    /// <summary>Waits for a task, or enumerates; throws what that throws.</summary>
    internal static void Wait(object? result)
    {
        switch (result)
        {
            case Task task:
                task.GetAwaiter().GetResult();
                break;
            case ValueTask task:
                task.AsTask().GetAwaiter().GetResult();
                break;
            case not null when result.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>):
                Wait(type.GetMethod("AsTask")!.Invoke(result, null));
                break;
            case IEnumerable<Extent> extents:
                _ = extents.Count();
                break;
        }
    }
}
