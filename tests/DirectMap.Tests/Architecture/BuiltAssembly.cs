using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// One of the library's assemblies as it was built: its metadata, and which source file each type and method comes from, by its portable
/// PDB. No package is needed for that, and what is looked at is what was built.
/// </summary>
internal sealed class BuiltAssembly : IDisposable
{
    /// <summary>
    /// The PDB's list of files for types without a method of their own ("TypeDefinitionDocuments" in the format's specification).
    /// </summary>
    private static readonly Guid s_typeDefinitionDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");

    private readonly PEReader _image;
    private readonly MetadataReaderProvider _pdb;
    private readonly MetadataReader _symbols;
    private readonly Dictionary<TypeDefinitionHandle, string> _fileOfType = [];
    private readonly Dictionary<TypeDefinitionHandle, HashSet<string>> _filesOfType = [];
    private readonly Dictionary<MethodDefinitionHandle, string> _fileOfMethod = [];
    private readonly HashSet<string> _files = [];

    private BuiltAssembly(string path)
    {
        _image = new PEReader(File.OpenRead(path));
        _pdb = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(path, ".pdb")));
        Metadata = _image.GetMetadataReader();
        _symbols = _pdb.GetMetadataReader();
        ReadFilesOfMethods();
        ReadFilesOfTypes();
    }

    internal MetadataReader Metadata { get; }

    /// <summary>Every source file that something was compiled from, but for what generators made: "src/DirectMap/Linux/Mmap.cs".</summary>
    internal IReadOnlyCollection<string> Files => _files;

    public void Dispose()
    {
        _image.Dispose();
        _pdb.Dispose();
    }

    /// <summary>The assembly that a type is in.</summary>
    internal static BuiltAssembly Of(Assembly assembly) => new(assembly.Location);

    /// <summary>
    /// A nested type (a closure, a state machine) without a file of its own is where its declarer is. Null where only a generator knows.
    /// </summary>
    internal string? FileOf(TypeDefinitionHandle type)
    {
        for (TypeDefinitionHandle at = type; !at.IsNil; at = Metadata.GetTypeDefinition(at).GetDeclaringType())
        {
            if (_fileOfType.TryGetValue(at, out string? file))
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>All the parts of a type; none where only a generator knows.</summary>
    internal IReadOnlyCollection<string> FilesOf(TypeDefinitionHandle type) => _filesOfType.GetValueOrDefault(type, []);

    /// <summary>A method without a line of its own (an extern, an abstract one, one that was generated) is where its type is.</summary>
    internal string? FileOf(MethodDefinitionHandle method) =>
        _fileOfMethod.TryGetValue(method, out string? file) ? file : FileOf(Metadata.GetMethodDefinition(method).GetDeclaringType());

    /// <summary>Whether a person wrote it: a generator's have no file, and a record's copy constructor no line.</summary>
    internal bool HasSource(MethodDefinitionHandle method) => _fileOfMethod.ContainsKey(method);

    /// <summary>From the line of the opening brace to that of the closing one; 0 for a method without lines.</summary>
    internal int LinesOf(MethodDefinitionHandle method)
    {
        int first = int.MaxValue, last = 0;
        foreach (SequencePoint point in _symbols.GetMethodDebugInformation(method).GetSequencePoints().Where(point => !point.IsHidden))
        {
            first = Math.Min(first, point.StartLine);
            last = Math.Max(last, point.EndLine);
        }

        return last == 0 ? 0 : last - first + 1;
    }

    internal MethodBodyBlock? BodyOf(MethodDefinition method) =>
        method.RelativeVirtualAddress == 0 ? null : _image.GetMethodBody(method.RelativeVirtualAddress);

    /// <summary>As in source: a state machine's or closure's type is its declarer's.</summary>
    internal string NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = Metadata.GetTypeDefinition(handle);
        string name = Metadata.GetString(type.Name);
        TypeDefinitionHandle declarer = type.GetDeclaringType();
        return declarer.IsNil ? name : name.StartsWith('<') ? NameOf(declarer) : $"{NameOf(declarer)}.{name}";
    }

    /// <summary>As in source: a local function, lambda, iterator or async method is the method that it is written in.</summary>
    internal string NameOf(MethodDefinitionHandle handle)
    {
        MethodDefinition method = Metadata.GetMethodDefinition(handle);
        string type = Metadata.GetString(Metadata.GetTypeDefinition(method.GetDeclaringType()).Name);
        string name = Metadata.GetString(method.Name);
        string written = type.StartsWith('<') && !type.StartsWith("<>", StringComparison.Ordinal) ? type : name;
        int end = written.IndexOf('>', StringComparison.Ordinal);
        return $"{NameOf(method.GetDeclaringType())}.{(written.StartsWith('<') && end > 1 ? written[1..end] : name)}";
    }

    /// <summary>Files with a method that the test runner runs.</summary>
    internal IEnumerable<string> FilesWithTests() =>
        from method in Metadata.MethodDefinitions
        from attribute in Metadata.GetMethodDefinition(method).GetCustomAttributes()
        let constructor = Metadata.GetCustomAttribute(attribute).Constructor
        where constructor.Kind == HandleKind.MemberReference
        let parent = Metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent
        where parent.Kind == HandleKind.TypeReference
        where Metadata.GetString(Metadata.GetTypeReference((TypeReferenceHandle)parent).Name) is "FactAttribute" or "TheoryAttribute"
        let file = FileOf(method)
        where file is not null
        select file;

    private void ReadFilesOfMethods()
    {
        foreach (MethodDefinitionHandle method in Metadata.MethodDefinitions)
        {
            MethodDebugInformation debug = _symbols.GetMethodDebugInformation(method);
            DocumentHandle document = debug.Document.IsNil
                ? debug.GetSequencePoints().Select(point => point.Document).FirstOrDefault()
                : debug.Document;
            if (SourceOf(document) is { } file)
            {
                _fileOfMethod[method] = file;
            }
        }
    }

    private void ReadFilesOfTypes()
    {
        foreach (CustomDebugInformationHandle handle in _symbols.CustomDebugInformation)
        {
            CustomDebugInformation information = _symbols.GetCustomDebugInformation(handle);
            if (information.Parent.Kind == HandleKind.TypeDefinition && _symbols.GetGuid(information.Kind) == s_typeDefinitionDocuments)
            {
                BlobReader blob = _symbols.GetBlobReader(information.Value);
                while (blob.RemainingBytes > 0)
                {
                    Note((TypeDefinitionHandle)information.Parent, SourceOf(MetadataTokens.DocumentHandle(blob.ReadCompressedInteger())));
                }
            }
        }

        foreach ((MethodDefinitionHandle method, string file) in _fileOfMethod)
        {
            Note(Metadata.GetMethodDefinition(method).GetDeclaringType(), file);
        }

        // One whose methods are iterators has no line of its own: the state machines in it have them all.
        foreach (TypeDefinitionHandle type in Metadata.TypeDefinitions)
        {
            TypeDefinitionHandle declarer = Metadata.GetTypeDefinition(type).GetDeclaringType();
            if (!declarer.IsNil && !_fileOfType.ContainsKey(declarer) && _fileOfType.TryGetValue(type, out string? file))
            {
                Note(declarer, file);
            }
        }
    }

    /// <summary>A partial type belongs to the file with the shortest name: X.cs before X.Part.cs.</summary>
    private void Note(TypeDefinitionHandle type, string? file)
    {
        if (file is null)
        {
            return;
        }

        (CollectionsMarshal.GetValueRefOrAddDefault(_filesOfType, type, out _) ??= []).Add(file);
        if (!_fileOfType.TryGetValue(type, out string? known) || Rank(file).CompareTo(Rank(known)) < 0)
        {
            _fileOfType[type] = file;
        }

        static (int, string) Rank(string file) => (Path.GetFileName(file).Length, file);
    }

    /// <summary>A path from src/ on. What generators make lies elsewhere.</summary>
    private string? SourceOf(DocumentHandle document)
    {
        if (document.IsNil)
        {
            return null;
        }

        string path = _symbols.GetString(_symbols.GetDocument(document).Name).Replace('\\', '/');
        int at = Math.Max(
            path.LastIndexOf("/src/DirectMap", StringComparison.Ordinal), path.LastIndexOf("/tests/DirectMap", StringComparison.Ordinal));
        if (at < 0 || path.Contains("/obj/", StringComparison.Ordinal))
        {
            return null;
        }

        string file = path[(at + 1)..];
        _files.Add(file);
        return file;
    }
}
