using System.Reflection.Metadata;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>All leases on an inode are taken and broken through its arbiter: nobody else asks a coordinator for them.</summary>
public sealed class ThroatTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private static readonly string[] s_asked =
    [
        nameof(ILeaseCoordinator.Acquire), nameof(ILeaseCoordinator.AcquireAsync), nameof(ILeaseCoordinator.Break),
        nameof(ILeaseCoordinator.BreakAsync), nameof(ILeaseCoordinator.Snapshot),
        nameof(ILayoutLease.Upgrade), nameof(ILayoutLease.UpgradeAsync), // of a lease that the coordinator gave
    ];

    /// <summary>What passes its user's call on to a lease that the arbiter gave.</summary>
    private static readonly string[] s_passOn =
    [
        "src/DirectMap/Files/HeldLease.cs Upgrade", "src/DirectMap/Files/HeldLease.cs UpgradeAsync",
        "src/DirectMap/Regions/RegionCore.Lease.cs Upgrade", "src/DirectMap/Regions/RegionCore.Lease.cs UpgradeAsync",
    ];

    [Fact]
    public void Only_the_arbiter_asks_a_coordinator_for_leases()
    {
        (string File, string Call)[] calls = [.. Calls(library.Library)];

        string[] others = [.. calls.Where(call => !MayAsk(call.File)).Select(call => $"{call.File} {call.Call}").Distinct()];
        Assert.Empty(s_passOn.Except(others));
        string wrong = string.Join('\n', others.Except(s_passOn));
        Assert.True(wrong.Length == 0, wrong);
        Assert.Equal(s_asked.Order(), calls.Where(call => IsOfArbiter(call.File)).Select(call => call.Call).Distinct().Order());
    }

    private static bool MayAsk(string file) =>
        RoomTable.Of(file) is "Leases" or "DependencyInjection" || IsOfArbiter(file);

    private static bool IsOfArbiter(string file) =>
        file.StartsWith($"src/DirectMap/Inodes/{nameof(FileArbiter)}.", StringComparison.Ordinal);

    /// <summary>Calls, and method groups, of the interface and of the library's own coordinator.</summary>
    private static IEnumerable<(string File, string Call)> Calls(BuiltAssembly assembly) =>
        from handle in assembly.Metadata.MethodDefinitions
        let body = assembly.BodyOf(assembly.Metadata.GetMethodDefinition(handle))
        where body is not null
        from instruction in Instructions.Of(body)
        let call = CallOf(assembly.Metadata, instruction.Token)
        where call is not null
        select (assembly.FileOf(handle) ?? "?", call);

    private static string? CallOf(MetadataReader metadata, EntityHandle token)
    {
        (string Type, string Name)? member = token.Kind switch
        {
            HandleKind.MemberReference => OfReference(metadata, metadata.GetMemberReference((MemberReferenceHandle)token)),
            HandleKind.MethodDefinition => OfDefinition(metadata, metadata.GetMethodDefinition((MethodDefinitionHandle)token)),
            _ => null,
        };
        return member is var (type, name)
            && (type is nameof(ILeaseCoordinator) or nameof(LeaseCoordinator) or nameof(ILayoutLease))
            && s_asked.Contains(name) ? name : null;
    }

    private static (string, string)? OfReference(MetadataReader metadata, MemberReference member) =>
        member.Parent.Kind == HandleKind.TypeReference
            ? (metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name), metadata.GetString(member.Name))
            : null;

    private static (string, string)? OfDefinition(MetadataReader metadata, MethodDefinition method) =>
        (metadata.GetString(metadata.GetTypeDefinition(method.GetDeclaringType()).Name), metadata.GetString(method.Name));
}
