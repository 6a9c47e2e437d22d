using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// An exception filter (catch ... when) runs before the frames below it are unwound, and so while they hold their locks: the runtime's
/// wait holds one. A filter that takes a lock of the library's may wait for somebody who waits for that one. So no filter takes any, also
/// not through what it calls.
/// </summary>
public sealed class FilterTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    [Fact]
    public void No_exception_filter_takes_a_lock()
    {
        BuiltAssembly built = library.Library;
        MemberNames names = new(built.Metadata);
        Dictionary<string, HashSet<string>> calls = [];
        List<(string Place, string Called)> filters = [];
        foreach (MethodDefinitionHandle handle in built.Metadata.MethodDefinitions)
        {
            if (built.BodyOf(built.Metadata.GetMethodDefinition(handle)) is not { } body)
            {
                continue;
            }

            HashSet<string> called = calls[names.Of(handle)!] = [];
            foreach ((int offset, EntityHandle token) in Instructions.CallsOf(body))
            {
                if (names.Of(token) is not { } name)
                {
                    continue;
                }

                called.Add(name);
                if (IsInFilter(body.ExceptionRegions, offset))
                {
                    filters.Add((built.NameOf(handle), name));
                }
            }
        }

        Assert.True(filters.Count > 30, "filters are found");
        Assert.True(Waits(calls, "DirectMap.Leases.LeaseTable.EnterGate()"), "what a lock is, is found");
        Assert.Empty(filters.Where(filter => Waits(calls, filter.Called)).Select(filter => $"{filter.Place}: {filter.Called}"));
    }

    private static bool IsInFilter(ImmutableArray<ExceptionRegion> regions, int offset) =>
        regions.Any(region => region.Kind == ExceptionRegionKind.Filter && region.FilterOffset <= offset && offset < region.HandlerOffset);

    /// <summary>Whether a method, or one that it calls, may wait for another thread.</summary>
    private static bool Waits(Dictionary<string, HashSet<string>> calls, string method)
    {
        HashSet<string> seen = [];
        Queue<string> next = new([method]);
        while (next.TryDequeue(out string? name))
        {
            if (WaitTests.IsWait(name))
            {
                return true;
            }

            foreach (string called in calls.GetValueOrDefault(name, []))
            {
                if (seen.Add(called))
                {
                    next.Enqueue(called);
                }
            }
        }

        return false;
    }
}
