using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DirectMap.Threading;

namespace DirectMap.Linux;

/// <summary>
/// Which process something is of, for those who find it in a file later: a process id alone is used again, and means another process in
/// another pid namespace and on another machine. Four words of 8 bytes, of which 0 is "not known"; all of them 0 is no process.
/// </summary>
/// <param name="Pid">The process id, in its own pid namespace.</param>
/// <param name="StartTime">When it began, in the kernel's ticks since the machine did (proc(5), field 22 of stat).</param>
/// <param name="PidNamespace">The inode number of its pid namespace.</param>
/// <param name="Boot">From the random id of the machine's boot, so of the machine, too.</param>
internal readonly record struct ProcessIdentity(ulong Pid, ulong StartTime, ulong PidNamespace, ulong Boot)
{
    /// <summary>How many words of 8 bytes it takes.</summary>
    internal const int Words = 4;

    private const int StartTimeField = 22;
    private const int FirstFieldBehindName = 3;

    private static readonly UninterruptedLazy<ProcessIdentity> s_current = new(Find);

    /// <summary>This process. What /proc does not tell is 0.</summary>
    internal static ProcessIdentity Current => s_current.Value;

    /// <summary>
    /// Whether it is seen to run. If not it is unknown: it may have ended, but also run elsewhere, or be hidden from this process (hidepid,
    /// or a time namespace, in which start times are others).
    /// </summary>
    internal bool IsSeenRunning =>
        StartTime != 0 && IsOfThisBoot && IsOfThisNamespace && Pid <= int.MaxValue && StartTimeOf($"/proc/{Pid}/stat", Pid) == StartTime;

    private bool IsOfThisBoot => Boot != 0 && Boot == Current.Boot;

    private bool IsOfThisNamespace => PidNamespace != 0 && PidNamespace == Current.PidNamespace;

    /// <summary>For messages: "process 4711", with where that number means something if it is not here.</summary>
    public override string ToString() => Pid switch
    {
        0 => "an unknown process",
        _ when Boot != Current.Boot => $"process {Pid} of another machine, or from before a restart",
        _ when PidNamespace != Current.PidNamespace => $"process {Pid} of another pid namespace",
        _ => $"process {Pid}",
    };

    /// <summary>What a process calls itself (comm); null where it is hidden, or has ended.</summary>
    internal static string? NameOf(int pid) => TryReadText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm"))?.TrimEnd('\n');

    /// <summary>Makes an identity of what <see cref="WriteTo"/> wrote.</summary>
    /// <param name="words"><see cref="Words"/> of them.</param>
    internal static ProcessIdentity Read(ReadOnlySpan<ulong> words) => new(words[0], words[1], words[2], words[3]);

    /// <summary>Writes it as words.</summary>
    /// <param name="words"><see cref="Words"/> of them.</param>
    internal void WriteTo(Span<ulong> words) => (words[0], words[1], words[2], words[3]) = (Pid, StartTime, PidNamespace, Boot);

    /// <summary>
    /// The start time in a line of /proc/PID/stat. The second field is a name in parentheses that its process has chosen: it may have
    /// spaces, line ends and parentheses in it, so the last parenthesis of the line is its end.
    /// </summary>
    /// <param name="stat">The line.</param>
    /// <param name="pid">Whose it has to be.</param>
    /// <returns>The time; 0 where the line is none, another process's, or of one that has ended and is only still listed.</returns>
    internal static ulong ParseStartTime(ReadOnlySpan<char> stat, ulong pid)
    {
        int nameBegin = stat.IndexOf(" (", StringComparison.Ordinal);
        int nameEnd = stat.LastIndexOf(')');
        if (nameBegin < 0 || nameEnd < nameBegin || !TryParse(stat[..nameBegin], out ulong found) || found != pid)
        {
            return 0;
        }

        ReadOnlySpan<char> behind = stat[(nameEnd + 1)..].Trim();
        if (behind is ['Z' or 'X', ..])
        {
            return 0;
        }

        int field = FirstFieldBehindName;
        foreach (Range part in behind.Split(' '))
        {
            if (field++ == StartTimeField)
            {
                return TryParse(behind[part], out ulong time) ? time : 0;
            }
        }

        return 0;
    }

    private static ProcessIdentity Find()
    {
        ulong pid = (ulong)Environment.ProcessId;
        return OperatingSystem.IsLinux()
            ? new ProcessIdentity(pid, StartTimeOf("/proc/self/stat", pid), NamespaceOfSelf(), BootOfMachine())
            : new ProcessIdentity(pid, 0, 0, 0);
    }

    /// <summary>Where /proc is that of another pid namespace, the numbers in it are others: nothing is known then.</summary>
    private static ulong StartTimeOf(string path, ulong pid) =>
        TryReadText(path) is { } stat ? ParseStartTime(stat, pid) : 0;

    /// <summary>The link leads to "pid:[4026531836]".</summary>
    private static ulong NamespaceOfSelf()
    {
        try
        {
            string[] parts = (new FileInfo("/proc/self/ns/pid").LinkTarget ?? "").Split('[', ']');
            return parts.Length > 1 && TryParse(parts[1], out ulong inode) ? inode : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static ulong BootOfMachine()
    {
        if (!Guid.TryParse(TryReadText("/proc/sys/kernel/random/boot_id"), out Guid id))
        {
            return 0;
        }

        Span<ulong> halves = MemoryMarshal.Cast<Guid, ulong>(MemoryMarshal.CreateSpan(ref id, 1));
        return halves[0] ^ halves[1];
    }

    private static string? TryReadText(string path)
    {
        try
        {
            // A process's name is bytes of any kind.
            return Encoding.Latin1.GetString(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, is hidden, or there is no /proc.
        }
    }

    private static bool TryParse(ReadOnlySpan<char> text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
