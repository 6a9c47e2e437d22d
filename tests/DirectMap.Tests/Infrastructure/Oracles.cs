using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// What others than the library say of a file's blocks, and what the kernel does to them when the file is mapped without the library.
/// </summary>
internal static partial class Oracles
{
    /// <summary>Those of filefrag's words that mean a flag; "last" and "eof" only say where the list ends.</summary>
    private static readonly Dictionary<string, ExtentFlags> s_words = new()
    {
        ["last"] = ExtentFlags.None,
        ["eof"] = ExtentFlags.None,
        ["unknown_loc"] = ExtentFlags.Unknown,
        ["delalloc"] = ExtentFlags.DelayedAllocation,
        ["encoded"] = ExtentFlags.Encoded,
        ["encrypted"] = ExtentFlags.DataEncrypted,
        ["not_aligned"] = ExtentFlags.NotAligned,
        ["inline"] = ExtentFlags.DataInline,
        ["tail_packed"] = ExtentFlags.DataTail,
        ["unwritten"] = ExtentFlags.Unwritten,
        ["merged"] = ExtentFlags.Merged,
        ["shared"] = ExtentFlags.Shared,
    };

    /// <summary>Whether the file system keeps a file's data in blocks with addresses, which filefrag can list.</summary>
    internal static bool HasBlocks(string fileSystem) => fileSystem is not (RealFileSystems.Tmpfs or RealFileSystems.Overlay);

    /// <summary>The extents as filefrag lists them, up to the end of the file; holes are what lies between them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sync">Whether what is dirty in memory is to be written first.</param>
    internal static List<Extent> Filefrag(string path, bool sync = true)
    {
        string output = Output("filefrag", [.. sync ? ["-s"] : Array.Empty<string>(), "-v", "-b1", path]);
        long fileEnd = new FileInfo(path).Length;
        List<Extent> extents = [];
        foreach (Match line in FilefragLine().Matches(output))
        {
            ExtentFlags flags = ExtentFlags.None;
            foreach (string word in line.Groups["flags"].Value.Split(
                ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                flags |= s_words[word];
            }

            Add(extents, Number(line, "offset"), Number(line, "length"), Number(line, "physical"), flags, fileEnd);
        }

        return extents;
    }

    /// <summary>The extents as XFS lists them itself, up to the end of the file.</summary>
    internal static List<Extent> Bmap(string path)
    {
        const int Unit = 512;
        string output = Output("xfs_io", "-r", "-c", "bmap -vp", path);
        long fileEnd = new FileInfo(path).Length;
        List<Extent> extents = [];
        foreach (Match line in BmapLine().Matches(output))
        {
            long offset = Number(line, "offset") * Unit;
            string column = line.Groups["flags"].Value;
            long flags = column.Length == 0 ? 0 : Convert.ToInt64(column, 8);
            ExtentFlags translated = ((flags & 0x8000) != 0 ? ExtentFlags.Shared : ExtentFlags.None)
                | ((flags & 0x1000) != 0 ? ExtentFlags.Unwritten : ExtentFlags.None);
            Add(extents, offset, ((Number(line, "last") + 1) * Unit) - offset, Number(line, "physical") * Unit, translated, fileEnd);
        }

        return extents;
    }

    /// <summary>Where data and holes lie as SEEK_DATA and SEEK_HOLE tell, for file systems whose blocks have no addresses.</summary>
    internal static List<Extent> Seek(string path)
    {
        string output = Output("xfs_io", "-r", "-c", "seek -a -r 0", path);
        long end = new FileInfo(path).Length;
        List<Extent> data = [];
        MatchCollection lines = SeekLine().Matches(output);
        for (int i = 0; i < lines.Count; i++)
        {
            long offset = Number(lines[i], "offset");
            if (lines[i].Groups["what"].Value == "DATA")
            {
                data.Add(new Extent(offset, (i + 1 < lines.Count ? Number(lines[i + 1], "offset") : end) - offset, -1, ExtentFlags.None));
            }
        }

        return data;
    }

    /// <summary>All that can be seen of where a file's data lies, as text, to be compared with itself at another time.</summary>
    internal static string BlockMap(string fileSystem, string path)
    {
        if (HasBlocks(fileSystem))
        {
            return string.Join('\n', Filefrag(path));
        }

        string allocated = Output("stat", "-c", "%b blocks of %B bytes", path);
        return allocated + string.Join('\n', Seek(path));
    }

    /// <summary>Loads a byte of every page through an ordinary mapping.</summary>
    internal static void LoadEveryPage(string path, FileRange range)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read);
        using MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        using MemoryMappedViewAccessor view = mapping.CreateViewAccessor(range.Offset, range.Length, MemoryMappedFileAccess.Read);
        for (long offset = 0; offset < range.Length; offset += Environment.SystemPageSize)
        {
            _ = view.ReadByte(offset);
        }
    }

    /// <summary>Stores to every page what is there already, through an ordinary mapping, and has it written to the device.</summary>
    internal static void StoreToEveryPage(string path, FileRange range)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        using (MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true))
        using (MemoryMappedViewAccessor view = mapping.CreateViewAccessor(range.Offset, range.Length, MemoryMappedFileAccess.ReadWrite))
        {
            for (long offset = 0; offset < range.Length; offset += Environment.SystemPageSize)
            {
                view.Write(offset, view.ReadByte(offset));
            }

            view.Flush();
        }

        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Skips the test where a command is missing.</summary>
    private static string Output(string command, params string[] arguments)
    {
        bool exists = (Environment.GetEnvironmentVariable("PATH")
            ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, command)));
        Requires.Have(command, exists, $"needs the command {command}");
        Assert.Null(RealFileSystems.Run(out string output, command, arguments));
        return output;
    }

    /// <summary>Allocation in advance beyond the end comes and goes by itself.</summary>
    private static void Add(List<Extent> extents, long offset, long length, long physical, ExtentFlags flags, long fileEnd)
    {
        if (offset < fileEnd)
        {
            extents.Add(new Extent(offset, Math.Min(length, fileEnd - offset), physical, flags));
        }
    }

    private static long Number(Match line, string name) => long.Parse(line.Groups[name].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^ *\d+: *(?<offset>\d+)\.\. *\d+: *(?<physical>\d+)\.\. *\d+: *(?<length>\d+):(?: *\d+:)? *(?<flags>[a-z_,]*)\r?$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex FilefragLine();

    [GeneratedRegex(
        @"^ *\d+: \[(?<offset>\d+)\.\.(?<last>\d+)\]: *(?<physical>\d+)\.\.\d+ .*\) +\d+( +(?<flags>[0-7]+))?$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex BmapLine();

    [GeneratedRegex(@"^(?<what>DATA|HOLE)\s+(?<offset>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex SeekLine();
}
