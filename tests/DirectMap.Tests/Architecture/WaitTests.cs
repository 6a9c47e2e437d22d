using System.Reflection.Metadata;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Where a thread may be interrupted: a lock of the library is never the place, since what gives something back has to come through. So
/// locks are entered, and threads put to sleep, in Threading, which keeps interrupts for later; elsewhere only where it is said here why.
/// </summary>
public sealed class WaitTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    /// <summary>What throws ThreadInterruptedException when it has to wait.</summary>
    private static readonly Dictionary<string, string[]> s_waits = new()
    {
        ["Monitor"] = ["Enter", "TryEnter", "Wait", "ReliableEnter"],
        ["Lock"] = ["Enter", "EnterScope", "TryEnter"],
        ["SpinWait"] = ["SpinOnce", "SpinUntil"],
        ["Thread"] = ["Sleep", "Join"],
        ["ManualResetEventSlim"] = ["Wait", "Set"],
        ["SemaphoreSlim"] = ["Wait", "Release"],
        ["WaitHandle"] = ["WaitOne", "WaitAny", "WaitAll"],
        ["Task"] = ["Wait", "WaitAny", "WaitAll"],
    };

    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["src/DirectMap/Leases/Deadlines.cs"] = "the clock's own thread; others come through Uninterrupted",
        ["src/DirectMap/Leases/RevocationThreads.cs"] = "threads of its own; others come through Uninterrupted",
        ["src/DirectMap/Logs/LogWaits.cs"] = "the follower's own thread",
        ["src/DirectMap/Regions/SharedWord.cs"] = "sleeps without a futex, for a bounded time and with nothing in hand",
        ["src/DirectMap/Durability/SyncLedger.cs"] = "waits for the syncs of others, when its own slot is given back",
        ["src/DirectMap/Faults/Restoration.cs"] = "waits for the restorations of others, with nothing in hand",
    };

    [Fact]
    public void Threads_wait_where_no_interrupt_gets_lost_or_leaves_something_behind()
    {
        MetadataReader metadata = library.Library.Metadata;
        (string File, string Call)[] waits =
        [
            .. from handle in metadata.MethodDefinitions
               let body = library.Library.BodyOf(metadata.GetMethodDefinition(handle))
               where body is not null
               let file = library.Library.FileOf(handle) ?? "?"
               from instruction in Instructions.Of(body)
               let call = Wait(metadata, instruction.Token)
               where call is not null
               select (file, call),
        ];

        Assert.Empty(waits.Where(wait => RoomTable.Of(wait.File) != "Threading" && !s_elsewhere.ContainsKey(wait.File)).Distinct());
        Assert.Empty(s_elsewhere.Keys.Except(waits.Select(wait => wait.File)));
        Assert.Contains(waits, wait => RoomTable.Of(wait.File) == "Threading" && wait.Call == "Lock.TryEnter");
    }

    /// <summary>Whether a member, by its whole name (<see cref="MemberNames"/>), is one that waits.</summary>
    internal static bool IsWait(string member)
    {
        string[] parts = member.Split('(')[0].Split('`')[0].Split('.');
        return parts.Length > 1 && s_waits.TryGetValue(parts[^2], out string[]? names) && names.Contains(parts[^1]);
    }

    private static string? Wait(MetadataReader metadata, EntityHandle token)
    {
        EntityHandle method = token.Kind == HandleKind.MethodSpecification
            ? metadata.GetMethodSpecification((MethodSpecificationHandle)token).Method
            : token;
        if (method.Kind != HandleKind.MemberReference)
        {
            return null;
        }

        MemberReference member = metadata.GetMemberReference((MemberReferenceHandle)method);
        if (member.Parent.Kind != HandleKind.TypeReference)
        {
            return null;
        }

        string type = metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name);
        string name = metadata.GetString(member.Name);
        return s_waits.TryGetValue(type, out string[]? names) && names.Contains(name) ? $"{type}.{name}" : null;
    }
}
