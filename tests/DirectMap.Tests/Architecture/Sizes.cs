using System.Reflection.Metadata;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>What is larger than one can take in at once.</summary>
internal static class Sizes
{
    internal const int LinesOfAFile = 400;
    internal const int LinesOfAMethod = 60;
    internal const int ParametersOfAConstructor = 6;

    /// <summary>The source files below a folder that a person wrote, by their path from the repository's root on.</summary>
    internal static IEnumerable<string> Sources(string folder, params IEnumerable<string> extensions) =>
        Directory.EnumerateFiles(Repository.File(folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => extensions.Contains(Path.GetExtension(file)) && !file.Split('/').Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal);

    internal static IEnumerable<(string What, int Size)> Files(IEnumerable<string> files) =>
        files.Select(file => (file, File.ReadLines(Repository.File(file)).Count())).Where(file => file.Item2 > LinesOfAFile);

    /// <summary>
    /// By name; of overloads the longest. A lambda or local function counts for itself, and within the method that it is written in.
    /// </summary>
    internal static IEnumerable<(string What, int Size)> Methods(BuiltAssembly assembly) =>
        assembly.Metadata.MethodDefinitions
            .Where(method => assembly.HasSource(method))
            .GroupBy(assembly.NameOf, assembly.LinesOf)
            .Select(method => (method.Key, method.Max()))
            .Where(method => method.Item2 > LinesOfAMethod);

    internal static IEnumerable<(string What, int Size)> Constructors(BuiltAssembly assembly) =>
        assembly.Metadata.MethodDefinitions
            .Where(method =>
                assembly.Metadata.GetString(assembly.Metadata.GetMethodDefinition(method).Name) == ".ctor" && assembly.HasSource(method))
            .Select(method => (assembly.NameOf(method), Parameters(assembly, method)))
            .Where(constructor => constructor.Item2 > ParametersOfAConstructor);

    private static int Parameters(BuiltAssembly assembly, MethodDefinitionHandle method) =>
        assembly.Metadata.GetMethodDefinition(method).DecodeSignature(new SignatureTypes(), null).ParameterTypes.Length;
}
