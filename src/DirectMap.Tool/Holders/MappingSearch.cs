using System.Globalization;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>What a process has mapped of the file, by /proc/PID/maps.</summary>
internal sealed class MappingSearch
{
    private static readonly string[] s_library = ["/DirectMap.dll", "/libdirectmap.so"];

    private readonly SoughtFile _file;
    private readonly string _process;
    private readonly string[] _inodes;
    private readonly Dictionary<MappingKind, MappingSum> _sums = [];
    private readonly SortedSet<string> _library = new(StringComparer.Ordinal);

    /// <param name="file">Which file.</param>
    /// <param name="process">The folder of the process in /proc.</param>
    internal MappingSearch(SoughtFile file, string process)
    {
        _file = file;
        _process = process;
        _inodes = [.. new[] { file.KernelNumbers.Inode, file.Numbers.Inode }.Distinct()
            .Select(inode => string.Create(CultureInfo.InvariantCulture, $" {inode} "))];
    }

    internal IReadOnlyList<MappingSum> Sums => [.. _sums.Values.OrderByDescending(sum => sum.Bytes)];

    internal IReadOnlyList<string> Library => [.. _library];

    /// <summary>Whether the process has any memory; a thread that has ended has none, while others go on.</summary>
    internal bool HasMemory { get; private set; }

    /// <param name="thread">The folder of one of its threads, or of the process.</param>
    internal ProcAnswer Look(string thread) => ProcFile.Try(() =>
    {
        foreach (string line in File.ReadLines($"{thread}/maps"))
        {
            HasMemory = true;
            if (Array.Exists(_inodes, inode => line.Contains(inode, StringComparison.Ordinal)) && MapsLine.Parse(line) is { } mapping
                && IsSought(mapping) is not false and var answer)
            {
                Add(MappingKind.Of(mapping.Permissions, isCertain: answer is true), (long)(mapping.End - mapping.Start));
            }

            if (Array.Exists(s_library, name => line.EndsWith(name, StringComparison.Ordinal)) && MapsLine.Parse(line) is { } code)
            {
                _library.Add(code.Path);
            }
        }
    });

    /// <returns>Null where it cannot be told.</returns>
    private bool? IsSought(MapsLine line)
    {
        bool isNumbered = line.Numbers == _file.KernelNumbers;
        if (isNumbered && _file.AreKernelNumbersUnique)
        {
            return true;
        }

        // This link is followed for CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN only, also where the process is the caller's own.
        string mapped = string.Create(CultureInfo.InvariantCulture, $"{_process}/map_files/{line.Start:x}-{line.End:x}");
        if (PathStatus.TryGetNumbers(mapped, out InodeNumbers numbers) == 0)
        {
            return numbers == _file.Numbers;
        }

        // The name follows a file that is renamed. It may be hidden by a mount, or be gone, and somebody else's by now.
        if (PathStatus.TryGetNumbers($"{_process}/root{line.Path}", out numbers) == 0)
        {
            if (numbers == _file.Numbers)
            {
                return true;
            }

            if (numbers.Inode == line.Numbers.Inode)
            {
                return false;
            }
        }

        return isNumbered ? null : false;
    }

    private void Add(MappingKind kind, long bytes)
    {
        MappingSum before = _sums.GetValueOrDefault(kind) ?? new MappingSum(kind, 0, 0);
        _sums[kind] = before with { Count = before.Count + 1, Bytes = before.Bytes + bytes };
    }
}
