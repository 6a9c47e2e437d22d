using System.Reflection;
using System.Reflection.Metadata;

namespace DirectMap.Tests.Architecture;

/// <summary>Where the library may leave itself: to the system, to the native library, to a user's code.</summary>
public sealed class BoundaryTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const string NativeRoom = "src/DirectMap/Linux/Native/";

    /// <summary>Rooms that nobody outside needs to know.</summary>
    private static readonly string[] s_internalRooms = ["Linux", "Threading", "Telemetry", "FileSystems", "Backings", "Faults"];

    [Fact]
    public void Only_Linux_calls_out_and_only_its_folder_Native_calls_the_native_library()
    {
        MetadataReader metadata = library.Library.Metadata;
        List<string> wrong = [];
        int calls = 0;
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            MethodDefinition method = metadata.GetMethodDefinition(handle);
            if (!method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
            {
                continue;
            }

            calls++;
            string module = metadata.GetString(metadata.GetModuleReference(method.GetImport().Module).Name);
            string file = library.Library.FileOf(handle) ?? "?";
            string room = module == "directmap" ? NativeRoom : "src/DirectMap/Linux/";
            if (!file.StartsWith(room, StringComparison.Ordinal)
                || (module != "directmap" && file.StartsWith(NativeRoom, StringComparison.Ordinal)))
            {
                wrong.Add($"{file} calls {metadata.GetString(method.Name)} of {module}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(calls > 40, $"only {calls} calls were found"); // What finds none would find nothing wrong either.
    }

    [Fact]
    public void Only_Linux_loads_libraries_and_calls_function_pointers()
    {
        MetadataReader metadata = library.Library.Metadata;
        List<string> wrong = [];
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            string file = library.Library.FileOf(handle) ?? "?";
            if (library.Library.BodyOf(metadata.GetMethodDefinition(handle)) is { } body && RoomTable.Of(file) != "Linux")
            {
                wrong.AddRange(Instructions.Of(body).Select(instruction => CallOut(metadata, instruction.Token)).OfType<string>()
                    .Select(call => $"{file} calls {call}"));
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Public_types_lie_only_in_rooms_that_users_know()
    {
        MetadataReader metadata = library.Library.Metadata;
        IEnumerable<string> wrong = metadata.TypeDefinitions
            .Where(type => (metadata.GetTypeDefinition(type).Attributes & TypeAttributes.VisibilityMask) == TypeAttributes.Public)
            .Select(type => (Room: RoomTable.Of(library.Library.FileOf(type) ?? "?"), Name: library.Library.NameOf(type)))
            .Where(type => s_internalRooms.Contains(type.Room))
            .Select(type => $"{type.Room}: {type.Name}");

        Assert.Empty(wrong);
        Assert.Empty(s_internalRooms.Except(RoomTable.All.Select(room => room.Name)));
    }

    [Fact]
    public void Abstractions_needs_nothing_but_the_framework()
    {
        MetadataReader metadata = library.Contracts.Metadata;
        IEnumerable<string> needed = metadata.AssemblyReferences.Select(reference =>
            metadata.GetString(metadata.GetAssemblyReference(reference).Name));

        Assert.DoesNotContain(needed, name => !name.StartsWith("System.", StringComparison.Ordinal));
    }

    private static string? CallOut(MetadataReader metadata, EntityHandle token)
    {
        if (token.Kind == HandleKind.StandaloneSignature)
        {
            return "a function pointer";
        }

        if (token.Kind != HandleKind.MemberReference
            || metadata.GetMemberReference((MemberReferenceHandle)token).Parent is not { Kind: HandleKind.TypeReference } parent)
        {
            return null;
        }

        string type = metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name);
        return type is "NativeLibrary" or "DllImportAttribute" ? type : null;
    }
}
