using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// The methods, accessors of properties, and fields of the library that a test uses and no code of the library does. Read from the metadata
/// of both assemblies, the library's IL and its portable PDB. Code in files of test hooks counts as a test's.
/// </summary>
internal sealed class TestOnlyMembers
{
    internal const string FileEnding = ".TestHooks.cs";

    private readonly BuiltAssembly _library;
    private readonly MetadataReader _metadata;
    private readonly MemberNames _names;
    private readonly HashSet<string> _usedByLibrary = [];
    private readonly HashSet<string> _usedByTests = [];

    private TestOnlyMembers(BuiltAssembly library)
    {
        _library = library;
        _metadata = library.Metadata;
        _names = new MemberNames(_metadata);
    }

    /// <summary>The name of each, and the file where it is written.</summary>
    internal static List<(string Name, string File)> Of(Assembly library, Assembly tests)
    {
        using BuiltAssembly built = BuiltAssembly.Of(library);
        using PEReader testImage = new(File.OpenRead(tests.Location));
        TestOnlyMembers members = new(built);
        members.LookAtLibrary();
        members.LookAtTests(testImage.GetMetadataReader());
        return [.. members.Found()];
    }

    /// <summary>The methods and accessors in files of test hooks that other code of the library uses.</summary>
    internal static List<string> HooksInUse(Assembly library)
    {
        using BuiltAssembly built = BuiltAssembly.Of(library);
        TestOnlyMembers members = new(built);
        members.LookAtLibrary();
        return
        [
            .. from method in members._metadata.MethodDefinitions
                where IsHook(built.FileOf(method)) && built.HasSource(method) && members._usedByLibrary.Contains(members._names.Of(method)!)
                select built.NameOf(method),
        ];
    }

    /// <summary>A member's use of itself is none.</summary>
    private void LookAtLibrary()
    {
        foreach (MethodDefinitionHandle handle in _metadata.MethodDefinitions)
        {
            if (_library.BodyOf(_metadata.GetMethodDefinition(handle)) is not { } body)
            {
                continue;
            }

            HashSet<string> used = IsHook(_library.FileOf(handle)) ? _usedByTests : _usedByLibrary;
            string? self = _names.Of(handle);
            foreach ((OpCode code, EntityHandle token) in Instructions.Of(body))
            {
                // To store to a field is no use of it: what nobody reads serves nobody.
                if (code != OpCodes.Stfld && code != OpCodes.Stsfld && _names.Of(token) is { } name && name != self)
                {
                    used.Add(name);
                }
            }
        }
    }

    /// <summary>What an assembly uses of others is in a table, whoever uses it.</summary>
    private void LookAtTests(MetadataReader metadata)
    {
        MemberNames names = new(metadata);
        foreach (MemberReferenceHandle reference in metadata.MemberReferences)
        {
            _usedByTests.Add(names.Of(reference)!);
        }
    }

    private IEnumerable<(string Name, string File)> Found()
    {
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            TypeDefinition type = _metadata.GetTypeDefinition(handle);
            bool isPublic = IsPublic(type);
            HashSet<EntityHandle> implementations =
                [.. type.GetMethodImplementations().Select(one => _metadata.GetMethodImplementation(one).MethodBody)];
            foreach (MethodDefinitionHandle method in type.GetMethods())
            {
                bool isOwn = !implementations.Contains(method) && IsOwn(_metadata.GetMethodDefinition(method), type, isPublic);
                if (isOwn && IsForTestsOnly(method))
                {
                    yield return (_names.Of(method)!, _library.FileOf(method)!);
                }
            }

            foreach (FieldDefinitionHandle field in type.GetFields())
            {
                if (IsForTestsOnly(field) && !(isPublic && _metadata.GetFieldDefinition(field).Attributes.HasFlag(FieldAttributes.Public)))
                {
                    yield return (_names.Of(field)!, FileOf(field, handle));
                }
            }
        }
    }

    /// <summary>What the compiler makes has names in angle brackets.</summary>
    private bool IsForTestsOnly(EntityHandle member) =>
        _names.Of(member) is { } name
        && !name.Contains('<', StringComparison.Ordinal)
        && _usedByTests.Contains(name)
        && !_usedByLibrary.Contains(name);

    /// <summary>
    /// Whether somebody wrote it as a member that only this assembly and its friends see: no constructor, nothing that implements or
    /// overrides, nothing that a record gets by itself.
    /// </summary>
    private bool IsOwn(MethodDefinition method, TypeDefinition type, bool isPublic)
    {
        string name = _metadata.GetString(method.Name);
        MethodAttributes access = method.Attributes & MethodAttributes.MemberAccessMask;
        bool isSeenByUsers = isPublic && access is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;
        bool implements = method.Attributes.HasFlag(MethodAttributes.Virtual)
            && (method.Attributes.HasFlag(MethodAttributes.Final) || !method.Attributes.HasFlag(MethodAttributes.NewSlot));
        bool isConstructor = method.Attributes.HasFlag(MethodAttributes.RTSpecialName);
        return !isSeenByUsers && !implements && !isConstructor && !IsGenerated(method, name, type);
    }

    /// <summary>
    /// Accessors of properties are generated, too, where they have no body; but a record's own parameters are no choice of whoever wrote
    /// it.
    /// </summary>
    private bool IsGenerated(MethodDefinition method, string name, TypeDefinition type)
    {
        bool isGenerated = method.GetCustomAttributes()
            .Select(attribute => _names.Of(_metadata.GetCustomAttribute(attribute).Constructor))
            .Contains("System.Runtime.CompilerServices.CompilerGeneratedAttribute..ctor()");
        bool isAccessor = method.Attributes.HasFlag(MethodAttributes.SpecialName) && name[..Math.Min(4, name.Length)] is "get_" or "set_";
        return isGenerated && (!isAccessor || IsRecordParameter(type, name[4..]));
    }

    private bool IsRecordParameter(TypeDefinition type, string property)
    {
        MethodDefinition[] methods = [.. type.GetMethods().Select(_metadata.GetMethodDefinition)];
        return methods.Any(method => IsCalled(method.Name, "PrintMembers"))
            && methods.Where(method => IsCalled(method.Name, ".ctor")).SelectMany(constructor => constructor.GetParameters())
                .Any(parameter => IsCalled(_metadata.GetParameter(parameter).Name, property));
    }

    private bool IsCalled(StringHandle handle, string name) => _metadata.StringComparer.Equals(handle, name);

    private bool IsPublic(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic => IsPublic(_metadata.GetTypeDefinition(type.GetDeclaringType())),
        _ => false,
    };

    /// <summary>
    /// A PDB does not say where a field is; where its type is in a file of test hooks, too, the text of that is looked at.
    /// </summary>
    private string FileOf(FieldDefinitionHandle field, TypeDefinitionHandle type)
    {
        IReadOnlyCollection<string> files = _library.FilesOf(type);
        string name = Regex.Escape(_metadata.GetString(_metadata.GetFieldDefinition(field).Name));
        const string Modifiers = @"(?:(?:internal|private|protected|static|readonly|volatile|unsafe)\s+)+";
        Regex declaration = new($@"^\s*{Modifiers}[^=;(]*\b{name}\b\s*[=;,]", RegexOptions.Multiline);
        return files.FirstOrDefault(file => IsHook(file) && declaration.IsMatch(File.ReadAllText(Repository.File(file))))
            ?? files.First(file => !IsHook(file));
    }

    private static bool IsHook(string? file) => file is not null && file.EndsWith(FileEnding, StringComparison.Ordinal);
}
