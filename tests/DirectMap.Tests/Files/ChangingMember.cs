using System.Reflection;

namespace DirectMap.Tests.Files;

/// <summary>A public member of <see cref="DirectFile"/> that changes the file, and a call of it and of its asynchronous form.</summary>
/// <param name="Operation">The call, for files of 20 pages whose last five are a hole.</param>
/// <param name="Touched">What its messages say that it touches there.</param>
internal sealed record ChangingMember(FileOperation Operation, FileRange Touched)
{
    internal const int Page = FileOperation.Page;

    /// <summary>The length of the files.</summary>
    internal const int Length = 20 * Page;

    /// <summary>Every one, by its synchronous form as <see cref="Signature"/> writes it.</summary>
    internal static IReadOnlyDictionary<string, ChangingMember> All { get; } = new Dictionary<string, ChangingMember>
    {
        ["Write(ReadOnlySpan`1, Int64, BreakOptions)"] = new(FileOperation.Write(100, 2 * Page), new(2 * Page, 100)),
        ["Write(IReadOnlyList`1, Int64, BreakOptions)"] = new(FileOperation.Gather(2 * Page, 100, 100), new(2 * Page, 200)),
        ["Allocate(Int64, Int64, BreakOptions)"] = new(FileOperation.Allocate(16 * Page, Page), new(16 * Page, Page)),
        ["Allocate(Int64, Int64, Boolean, BreakOptions)"] = new(FileOperation.AllocateKeepSize(16 * Page, Page), new(16 * Page, Page)),
        ["PunchHole(Int64, Int64, BreakOptions)"] = new(FileOperation.PunchHole(Page, Page), new(Page, Page)),
        ["ZeroRange(Int64, Int64, BreakOptions)"] = new(FileOperation.ZeroRange(Page, Page), new(Page, Page)),
        ["ZeroRange(Int64, Int64, Boolean, BreakOptions)"] = new(FileOperation.ZeroRangeKeepSize(Page, Page), new(Page, Page)),
        ["CollapseRange(Int64, Int64, BreakOptions)"] = new(FileOperation.CollapseRange(Page, Page), FileRange.From(Page)),
        ["InsertRange(Int64, Int64, BreakOptions)"] = new(FileOperation.InsertRange(Page, Page), FileRange.From(Page)),
        ["UnshareRange(Int64, Int64, BreakOptions)"] = new(FileOperation.UnshareRange(Page, Page), new(Page, Page)),
        ["SetLength(Int64, BreakOptions)"] = new(FileOperation.SetLength(5 * Page), FileRange.From(5 * Page)),
        ["CloneFrom(DirectFile, BreakOptions)"] = new(FileOperation.CloneWhole(), FileRange.Whole),
        ["CloneFrom(DirectFile, Int64, Int64, Int64, BreakOptions)"] = new(FileOperation.CloneRange(0, Page, Page), new(Page, Page)),
        ["CopyFrom(DirectFile, Int64, Int64, Int64, BreakOptions)"] = new(FileOperation.CopyRange(0, Page, 200), new(Page, 200)),
        ["DedupeFrom(DirectFile, Int64, Int64, Int64, BreakOptions)"] = new(FileOperation.DedupeRange(0, Page, Page), new(Page, Page)),
        ["Prepare(PrepareOptions, CancellationToken)"] = new(FileOperation.Prepare(), new(15 * Page, 5 * Page)),
    };

    /// <summary>The public members that change neither bytes nor blocks nor length.</summary>
    internal static IReadOnlySet<string> Others { get; } = new HashSet<string>
    {
        "AcknowledgeWritebackFailure(WritebackFailure)",
        "AcquireLease(LeaseOptions)",
        "AcquireLeaseAsync(LeaseOptions, CancellationToken)",
        "BreakLayout(FileRange, BreakOptions)",
        "BreakLayoutAsync(FileRange, BreakOptions, CancellationToken)",
        "CreateWriter(MapOptions, Int64, RegionWriterOptions)",
        "CreateWriterAsync(MapOptions, Int64, RegionWriterOptions, CancellationToken)",
        "Dispose()",
        "Flush()",
        "FlushAsync(CancellationToken)",
        "GetExtents()",
        "GetExtents(FileRange)",
        "GetLeases()",
        "Map(MapOptions)",
        "MapAsync(MapOptions, CancellationToken)",
        "Probe(MapOptions)",
        "Read(Span`1, Int64)",
        "ReadAsync(Memory`1, Int64, CancellationToken)",
        "ToString()",
    };

    /// <summary>The asynchronous form of a member of the table.</summary>
    internal static string AsyncOf(string member)
    {
        string async = member
            .Replace("(", "Async(", StringComparison.Ordinal)
            .Replace(nameof(ReadOnlySpan<>), nameof(ReadOnlyMemory<>), StringComparison.Ordinal);
        return async.Contains(nameof(CancellationToken), StringComparison.Ordinal)
            ? async
            : async.Replace(")", $", {nameof(CancellationToken)})", StringComparison.Ordinal);
    }

    internal static string Signature(MethodInfo method) =>
        $"{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => parameter.ParameterType.Name))})";
}
