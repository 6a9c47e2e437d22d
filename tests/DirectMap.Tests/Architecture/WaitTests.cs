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
        ["Lazy`1"] = ["get_Value"],
        ["ConcurrentDictionary`2"] =
        [
            "AddOrUpdate", "Clear", "GetOrAdd", "get_Count", "get_IsEmpty", "get_Keys", "get_Values", "set_Item", "ToArray", "TryAdd",
            "TryRemove", "TryUpdate",
        ],
        ["ConditionalWeakTable`2"] = ["Add", "AddOrUpdate", "Clear", "GetOrAdd", "GetOrCreateValue", "GetValue", "Remove", "TryAdd"],
    };

    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["src/DirectMap/Leases/Deadlines.cs"] = "the clock's own thread; others come through Uninterrupted",
        ["src/DirectMap/Leases/RevocationThreads.cs"] = "threads of its own; others come through Uninterrupted",
        ["src/DirectMap/Logs/LogWaits.cs"] = "the follower's own thread",
        ["src/DirectMap/Regions/SharedWord.cs"] = "sleeps without a futex, for a bounded time and with nothing in hand",
        ["src/DirectMap/Durability/SyncLedger.cs"] = "waits for the syncs of others, when its own slot is given back",
        ["src/DirectMap/Leases/LeaseCoordinator.Tables.cs"] = "comes through Uninterrupted",
        ["src/DirectMap/Leases/LeaseCoordinator.TestHooks.cs"] = "for tests only",
        ["src/DirectMap/Backings/Portable/PortablePath.cs"] = "comes through Uninterrupted",
        ["src/DirectMap/Telemetry/Instruments.cs"] = "comes through Uninterrupted",
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
        Assert.Contains(waits, wait => RoomTable.Of(wait.File) == "Threading" && wait.Call == "ConcurrentDictionary`2.TryRemove");
    }

    /// <summary>Whether a member, by its whole name (<see cref="MemberNames"/>), is one that waits.</summary>
    internal static bool IsWait(string member)
    {
        string[] parts = member.Split('(')[0].Split("``")[0].Split('.');
        return parts.Length > 1 && s_waits.TryGetValue(parts[^2], out string[]? names) && names.Contains(parts[^1]);
    }

    /// <summary>One that is made otherwise has those signals blocked that its creator has, and nobody can unblock them there.</summary>
    [Fact]
    public void Threads_are_made_in_one_place_which_has_them_take_the_signal_of_faults()
    {
        MetadataReader metadata = library.Library.Metadata;
        string[] makers =
        [
            .. from handle in metadata.MethodDefinitions
               let body = library.Library.BodyOf(metadata.GetMethodDefinition(handle))
               where body is not null
               from instruction in Instructions.Of(body)
               where NameOf(metadata, instruction.Token) == ("Thread", ".ctor")
               select library.Library.FileOf(handle),
        ];

        Assert.Equal(["src/DirectMap/Threading/OwnThread.cs"], makers);
    }

    private static string? Wait(MetadataReader metadata, EntityHandle token) =>
        NameOf(metadata, token) is ({ } type, { } name) && s_waits.TryGetValue(type, out string[]? names) && names.Contains(name)
            ? $"{type}.{name}"
            : null;

    /// <summary>A method of another assembly, and its type; nulls where it is none.</summary>
    private static (string? Type, string? Name) NameOf(MetadataReader metadata, EntityHandle token)
    {
        EntityHandle method = token.Kind == HandleKind.MethodSpecification
            ? metadata.GetMethodSpecification((MethodSpecificationHandle)token).Method
            : token;
        if (method.Kind != HandleKind.MemberReference)
        {
            return default;
        }

        MemberReference member = metadata.GetMemberReference((MemberReferenceHandle)method);
        EntityHandle type = member.Parent.Kind == HandleKind.TypeSpecification
            ? GenericTypeOf(metadata, (TypeSpecificationHandle)member.Parent)
            : member.Parent;
        return type.Kind == HandleKind.TypeReference
            ? (metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name), metadata.GetString(member.Name))
            : default;
    }

    /// <summary>The type of which a generic type is made; nil for an array or a pointer.</summary>
    private static EntityHandle GenericTypeOf(MetadataReader metadata, TypeSpecificationHandle made)
    {
        BlobReader signature = metadata.GetBlobReader(metadata.GetTypeSpecification(made).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return default;
        }

        _ = signature.ReadByte(); // class or value type
        return signature.ReadTypeHandle();
    }
}
