using System.Buffers;
using System.Buffers.Binary;
using DirectMap.Linux;

namespace DirectMap.Backings;

/// <summary>
/// What a file is called while it is made beside its place. Its 32 digits are 16 bytes that say which process makes it: where that is seen
/// to run, its file is no leftover, whoever may have its lock. For a lock may not be seen by all: FUSE has one for each mount.
/// </summary>
internal static class WorkingName
{
    private const string Prefix = ".directmap-";
    /// <summary>For messages.</summary>
    internal const string Pattern = Prefix + "*";

    private const int HostBytes = 3;
    private const int PidBytes = 3; // as many as a process id has on Linux
    private const int StartBytes = 6;
    private const int Bytes = HostBytes + PidBytes + StartBytes + sizeof(int);

    private static int s_count = Random.Shared.Next(); // another copy of the library in the process counts, too

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>A name that nobody has.</summary>
    internal static string New()
    {
        ProcessIdentity own = ProcessIdentity.Current;
        Span<byte> bytes = stackalloc byte[Bytes];
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        Append(HostOf(own), HostBytes, word, bytes);
        Append(own.Pid, PidBytes, word, bytes[HostBytes..]);
        Append(own.StartTime, StartBytes, word, bytes[(HostBytes + PidBytes)..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[^sizeof(int)..], Interlocked.Increment(ref s_count));
        return Prefix + Convert.ToHexStringLower(bytes);

        static void Append(ulong value, int count, Span<byte> word, Span<byte> bytes)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, value);
            word[..count].CopyTo(bytes);
        }
    }

    /// <summary>Whether it is made as those of <see cref="New"/> are, whoever has made it.</summary>
    internal static bool IsOne(string name) =>
        name.Length == Prefix.Length + (2 * Bytes) && name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>
    /// The names of everything in a folder that has such a name, but for those of processes that are seen to run; nothing of one that may
    /// not be read.
    /// </summary>
    internal static IReadOnlyList<string> FindLeft(string folder)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(folder, Pattern, s_all).Select(static path => Path.GetFileName(path)).Where(IsLeft)
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // To make a file is what was asked for, and what is wrong with the folder is said then.
        }
    }
    private static bool IsLeft(string name)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        ReadOnlySpan<char> digits = name.AsSpan(Prefix.Length);
        if (digits.Length != 2 * Bytes || Convert.FromHexString(digits, bytes, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        ProcessIdentity own = ProcessIdentity.Current;
        ProcessIdentity maker = own with
        {
            Pid = Read(bytes[HostBytes..], PidBytes),
            StartTime = Read(bytes[(HostBytes + PidBytes)..], StartBytes)
        };
        return Read(bytes, HostBytes) != (HostOf(own) & ((1UL << (8 * HostBytes)) - 1)) || !maker.IsSeenRunning;

        static ulong Read(ReadOnlySpan<byte> bytes, int count)
        {
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            word.Clear();
            bytes[..count].CopyTo(word);
            return BinaryPrimitives.ReadUInt64LittleEndian(word);
        }
    }

    /// <summary>Of the machine's boot and the pid namespace, in which alone a process id means something.</summary>
    private static ulong HostOf(ProcessIdentity process) => process.Boot ^ (process.PidNamespace * 0x9E3779B97F4A7C15);
}
