using System.Globalization;
using System.Text;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>A look into one process.</summary>
internal sealed class ProcessLook
{
    private const int MaxCommand = 4096;

    private readonly SoughtFile _file;
    private readonly int _process;
    private readonly string _folder;
    private readonly MappingSearch _mappings;
    private readonly List<Descriptor> _descriptors = [];

    private ProcessLook(SoughtFile file, int process)
    {
        _file = file;
        _process = process;
        _folder = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}");
        _mappings = new MappingSearch(file, _folder);
    }

    /// <summary>Looks into a process, which may end meanwhile.</summary>
    internal static ProcessFindings Into(SoughtFile file, int process) => new ProcessLook(file, process).Look();

    private ProcessFindings Look()
    {
        if (ReadStat(out ProcessStat? stat) == ProcAnswer.NotPermitted)
        {
            return new ProcessFindings { NotPermitted = new ForbiddenProcess(_process, null, "") };
        }

        if (stat is null || stat.HasNothing)
        {
            return new ProcessFindings();
        }

        bool isPermitted = LookAtMemory(stat.Threads, out string thread) != ProcAnswer.NotPermitted;
        isPermitted &= LookAtDescriptors(thread) != ProcAnswer.NotPermitted;
        bool hasFile = _mappings.Sums.Count > 0 || _descriptors.Count > 0;
        uint? user = ReadUser();
        string command = hasFile ? ReadCommand() : "";
        if (ReadStat(out ProcessStat? after) != ProcAnswer.Seen || after?.StartTime != stat.StartTime)
        {
            return new ProcessFindings(); // It has ended, and its number may be another one's by now.
        }

        return new ProcessFindings
        {
            IsLookedInto = isPermitted,
            NotPermitted = isPermitted ? null : new ForbiddenProcess(_process, user, stat.Name),
            Holder = !hasFile ? null : new Holder
            {
                ProcessId = _process,
                UserId = user,
                Name = stat.Name,
                Command = command,
                Mappings = _mappings.Sums,
                Descriptors = _descriptors,
                Library = _mappings.Library,
            },
        };
    }

    /// <summary>Where the first thread has ended, what it shares with the others is shown at these only.</summary>
    private ProcAnswer LookAtMemory(int threads, out string thread)
    {
        thread = _folder;
        ProcAnswer answer = _mappings.Look(_folder);
        if (answer != ProcAnswer.Seen || _mappings.HasMemory || threads <= 1)
        {
            return answer;
        }

        _ = ProcFile.TryList($"{_folder}/task", out List<int> tasks);
        foreach (int task in tasks.Where(task => task != _process))
        {
            thread = string.Create(CultureInfo.InvariantCulture, $"{_folder}/task/{task}");
            answer = _mappings.Look(thread);
            if (answer == ProcAnswer.NotPermitted || _mappings.HasMemory)
            {
                break;
            }
        }

        return answer;
    }

    private ProcAnswer LookAtDescriptors(string thread)
    {
        // These are plain files, where the entries of fd are links that the enumeration would follow.
        ProcAnswer answer = ProcFile.TryList($"{thread}/fdinfo", out List<int> numbers);
        foreach (int number in numbers)
        {
            string link = string.Create(CultureInfo.InvariantCulture, $"{thread}/fd/{number}");
            ProcAnswer seen = ProcFile.Of(PathStatus.TryGetNumbers(link, out InodeNumbers inode));
            if (seen == ProcAnswer.NotPermitted)
            {
                return seen;
            }

            if (seen == ProcAnswer.Seen && inode == _file.Numbers && !(_process == Environment.ProcessId && number == _file.OwnDescriptor))
            {
                seen = ProcFile.TryRead(string.Create(CultureInfo.InvariantCulture, $"{thread}/fdinfo/{number}"), out string info);
                if (seen == ProcAnswer.Seen)
                {
                    DescriptorInfo parsed = DescriptorInfo.Parse(info);
                    _descriptors.Add(new Descriptor(number, parsed.Access, parsed.Locks));
                }
            }
        }

        return answer;
    }

    private ProcAnswer ReadStat(out ProcessStat? stat)
    {
        ProcAnswer answer = ProcFile.TryRead($"{_folder}/stat", out string text);
        stat = answer == ProcAnswer.Seen ? ProcessStat.Parse(text) : null;
        return answer;
    }

    /// <summary>Real, effective, saved, and the file system's.</summary>
    private uint? ReadUser()
    {
        _ = ProcFile.TryRead($"{_folder}/status", out string text);
        string[] words = text.Split('\n').FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t') ?? [];
        return words.Length > 2 && uint.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint user) ? user : null;
    }

    private string ReadCommand()
    {
        byte[] start = new byte[MaxCommand];
        int length = 0;
        _ = ProcFile.Try(() =>
        {
            using FileStream file = new($"{_folder}/cmdline", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        });
        return Encoding.UTF8.GetString(start, 0, length).TrimEnd('\0').Replace('\0', ' ');
    }
}

/// <summary>What a look into a process has found. Nothing at all where it has ended, or can have no files.</summary>
internal readonly record struct ProcessFindings
{
    /// <summary>Whether all that there is to be seen was seen.</summary>
    internal bool IsLookedInto { get; init; }

    /// <summary>Where some of it, or all, is not permitted.</summary>
    internal ForbiddenProcess? NotPermitted { get; init; }

    /// <summary>Where it has the file.</summary>
    internal Holder? Holder { get; init; }
}
