using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// This copy of the library among others in the process (load contexts, versions). Each has leases and inodes of its own, so no two may
/// have one file open.
/// </summary>
internal static class LibraryCopy
{
    private static readonly string s_name = NameOf(typeof(LibraryCopy).Assembly);

    /// <summary>The file is this copy's from now on, until <see cref="LetGo"/>.</summary>
    /// <exception cref="InvalidOperationException">Another copy has it open.</exception>
    internal static void Take(FileId id, string path)
    {
        if (ProcessMarks.TryAdd(KeyOf(id), s_name) is { } other)
        {
            throw new InvalidOperationException(
                $"'{path}' is open in this process through another copy of the library, {other}, so it cannot be opened through this one, "
                    + $"{s_name}, meanwhile: the two would arbitrate past each other. Load the library once, in the default load context, "
                    + "say.");
        }
    }

    /// <summary>Other copies may have the file.</summary>
    internal static void LetGo(FileId id) => ProcessMarks.Remove(KeyOf(id));

    private static string KeyOf(FileId id) =>
        string.Create(CultureInfo.InvariantCulture, $"inode {id.Device:x} {id.Inode:x} {id.BirthTimeNanoseconds:x}");

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file there is no path, and the version is named.")]
    private static string NameOf(Assembly assembly)
    {
        string version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString() ?? "";
        return $"{(assembly.Location is { Length: > 0 } location ? location : assembly.GetName().Name)} ({version})";
    }
}
