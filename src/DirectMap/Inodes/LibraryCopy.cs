using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// This copy of the library among others in the process (load contexts, versions). Each has leases and inodes of its own, so no two may
/// have one file open. A file has a mark by each identity that it has here: by what the system calls it, and, with the portable backing, by
/// its path. Not safe for threads: the table of inodes has a gate.
/// </summary>
internal static class LibraryCopy
{
    private static readonly string s_name = NameOf(typeof(LibraryCopy).Assembly);

    /// <summary>
    /// How often each is taken (with the portable backing the hard links of a file are files of their own), and its mark. That is made
    /// once: to format a string may take a lock of the pool of arrays, which an interrupt ends, and then only one of the two would go.
    /// </summary>
    private static readonly Dictionary<FileId, (int Count, string Key)> s_taken = [];

    /// <summary>The file is this copy's from now on, until as many calls of <see cref="LetGo"/>.</summary>
    /// <exception cref="InvalidOperationException">Another copy has it open.</exception>
    internal static void Take(FileId id, string path)
    {
        if (s_taken.TryGetValue(id, out (int Count, string Key) taken))
        {
            s_taken[id] = (taken.Count + 1, taken.Key);
            return;
        }

        string key = KeyOf(id);
        if (ProcessMarks.TryAdd(key, s_name) is { } other)
        {
            throw new InvalidOperationException(
                $"'{path}' is open in this process through another copy of the library, {other}, so it cannot be opened through this one, "
                    + $"{s_name}, meanwhile: the two would arbitrate past each other. Load the library once, in the default load context, "
                    + "say.");
        }

        s_taken.Add(id, (1, key));
    }

    /// <summary>When it is taken no more, other copies may have the file.</summary>
    internal static void LetGo(FileId id)
    {
        (int count, string key) = s_taken[id];
        if (count > 1)
        {
            s_taken[id] = (count - 1, key);
            return;
        }

        s_taken.Remove(id);
        ProcessMarks.Remove(key);
    }

    private static string KeyOf(FileId id) =>
        string.Create(CultureInfo.InvariantCulture, stackalloc char[128], $"inode {id.Device:x} {id.Inode:x} {id.BirthTimeNanoseconds:x}");

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "In a single file there is no path, and the version is named.")]
    private static string NameOf(Assembly assembly)
    {
        string version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString() ?? "";
        return $"{(assembly.Location is { Length: > 0 } location ? location : assembly.GetName().Name)} ({version})";
    }
}
