using System.Reflection;
using System.Reflection.Metadata;

namespace DirectMap.Tests.Architecture;

/// <summary>Where the library may leave itself: to the system, to the native library, to a user's code.</summary>
public sealed class BoundaryTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const string NativeRoom = "src/DirectMap/Linux/Native/";

    /// <summary>Rooms that nobody outside needs to know.</summary>
    private static readonly string[] s_internalRooms = ["Linux", "Threading", "Telemetry", "FileSystems", "Backings", "Faults"];

    /// <summary>What leaves the managed world without an extern method.</summary>
    private static readonly string[] s_waysOut =
        ["GetDelegateForFunctionPointer", "GetFunctionPointerForDelegate", "DefineDynamicAssembly", "DefinePInvokeMethod"];

    private IEnumerable<BuiltAssembly> Both => [library.Library, library.Contracts];

    [Fact]
    public void Only_Linux_calls_out_and_only_its_folder_Native_calls_the_native_library()
    {
        (string File, string Name, string Module)[] calls = [.. Both.SelectMany(ExternMethods)];

        Assert.DoesNotContain(calls, call => !IsInItsPlace(call.File, call.Module));
        Assert.True(calls.Length > 40, $"only {calls.Length} calls were found"); // What finds none would find nothing wrong either.

        static bool IsInItsPlace(string file, string module) =>
            RoomTable.Of(file) == "Linux" && file.StartsWith(NativeRoom, StringComparison.Ordinal) == (module == "directmap");
    }

    [Fact]
    public void Only_Linux_loads_libraries_and_calls_function_pointers()
    {
        IEnumerable<string> wrong =
            from assembly in Both
            from handle in assembly.Metadata.MethodDefinitions
            let file = assembly.FileOf(handle) ?? "?"
            let body = assembly.BodyOf(assembly.Metadata.GetMethodDefinition(handle))
            where body is not null && RoomTable.Of(file) != "Linux"
            from instruction in Instructions.Of(body)
            let call = CallOut(assembly.Metadata, instruction.Token)
            where call is not null
            select $"{file} calls {call}";

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

    private static IEnumerable<(string File, string Name, string Module)> ExternMethods(BuiltAssembly assembly)
    {
        MetadataReader metadata = assembly.Metadata;
        IEnumerable<(string, string, string)> calls =
            from handle in metadata.MethodDefinitions
            let method = metadata.GetMethodDefinition(handle)
            where method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)
            let module = metadata.GetString(metadata.GetModuleReference(method.GetImport().Module).Name)
            select (assembly.FileOf(handle) ?? "?", metadata.GetString(method.Name), module);
        return calls;
    }

    private static string? CallOut(MetadataReader metadata, EntityHandle token)
    {
        if (token.Kind == HandleKind.StandaloneSignature)
        {
            return "a function pointer";
        }

        EntityHandle method = token.Kind == HandleKind.MethodSpecification
            ? metadata.GetMethodSpecification((MethodSpecificationHandle)token).Method
            : token;
        if (method.Kind != HandleKind.MemberReference)
        {
            return null;
        }

        MemberReference member = metadata.GetMemberReference((MemberReferenceHandle)method);
        string name = metadata.GetString(member.Name);
        bool isLoader = member.Parent.Kind == HandleKind.TypeReference
            && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name) == "NativeLibrary";
        return isLoader || s_waysOut.Contains(name) ? name : null;
    }
}
