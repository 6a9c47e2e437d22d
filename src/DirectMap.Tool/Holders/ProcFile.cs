using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DirectMap.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>Reads of /proc/PID, whose processes come and go meanwhile, and may be none of the caller's business.</summary>
internal static class ProcFile
{
    private const int ESRCH = 3;

    /// <summary>Does what reads something of a process.</summary>
    internal static ProcAnswer Try(Action read)
    {
        try
        {
            read();
            return ProcAnswer.Seen;
        }
        catch (UnauthorizedAccessException)
        {
            return ProcAnswer.NotPermitted;
        }
        catch (Exception exception)
            when (exception is FileNotFoundException or DirectoryNotFoundException || exception is IOException { HResult: ESRCH })
        {
            return ProcAnswer.Gone;
        }
    }

    /// <summary>What the error number of a look at something of a process means. The rest (a stale handle, say) is none's fault.</summary>
    internal static ProcAnswer Of(int errno) => errno switch
    {
        0 => ProcAnswer.Seen,
        Errno.EACCES or Errno.EPERM => ProcAnswer.NotPermitted,
        _ => ProcAnswer.Gone,
    };

    internal static ProcAnswer TryRead(string path, [NotNull] out string? text)
    {
        string read = "";
        ProcAnswer answer = Try(() => read = File.ReadAllText(path));
        text = read;
        return answer;
    }

    /// <summary>The names in a folder that are numbers: processes, threads, descriptors.</summary>
    internal static ProcAnswer TryList(string folder, out List<int> numbers)
    {
        List<int> found = [];
        ProcAnswer answer = Try(() =>
        {
            foreach (string entry in Directory.EnumerateFileSystemEntries(folder))
            {
                if (int.TryParse(Path.GetFileName(entry.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                {
                    found.Add(number);
                }
            }
        });
        found.Sort();
        numbers = found;
        return answer;
    }
}

/// <summary>How a look at something of a process went.</summary>
internal enum ProcAnswer
{
    Seen = 0,

    /// <summary>The process has ended, or what was looked at is there no more.</summary>
    Gone = 1,

    NotPermitted = 2,
}
