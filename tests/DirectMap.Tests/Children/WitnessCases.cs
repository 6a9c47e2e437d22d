using System.Diagnostics;
using System.Globalization;
using DirectMap.Breakers;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

/// <summary>What happens to a witness that has a process to itself, and another process that changes files.</summary>
internal static class WitnessCases
{
    /// <summary>
    /// Changes a file at random moments, each time by its number, and prints when each change was made: Stopwatch's ticks, which are the
    /// same for all processes. Arguments: path, offset, how many changes, seed.
    /// </summary>
    internal static int ChangeAtRandom(string[] arguments)
    {
        long offset = long.Parse(arguments[1], CultureInfo.InvariantCulture);
        int count = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        Random random = new(int.Parse(arguments[3], CultureInfo.InvariantCulture));
        using SafeFileHandle file = File.OpenHandle(arguments[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        Console.WriteLine("ready");
        Console.ReadLine();
        for (int number = 1; number <= count; number++)
        {
            long until = Stopwatch.GetTimestamp() + random.Next(4) switch
            {
                0 => 0,
                1 => random.Next(50_000),
                2 => random.Next(2_000_000),
                _ => random.Next(20_000_000),
            };
            while (Stopwatch.GetTimestamp() < until)
            {
                Thread.Yield();
            }

            RandomAccess.Write(file, BitConverter.GetBytes(number), offset);
            Console.WriteLine(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    /// <summary>Changes files, one after the other, each once. Arguments: paths' beginning, how many.</summary>
    internal static int ChangeMany(string[] arguments)
    {
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(count).Shuffle(order);
        foreach (int number in order)
        {
            using SafeFileHandle file = File.OpenHandle($"{arguments[0]}{number}", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(file, [1], 0);
        }

        return 0;
    }

    /// <summary>The instance is closed by somebody else. Argument: path.</summary>
    internal static int LoseInstance(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0]);
        using DirectFile strict = DirectFile.Open(
            arguments[0], DirectFileOptions.Default with { Guard = GuardOptions.Required(ProtectionLevel.Watched) });
        using MappedRegion region = file.Map();
        using MappedRegion required = strict.Map(new MapOptions { Range = new(0, 4096), LeaseCoverage = LeaseCoverage.MappedRange });
        List<Protection> changes = [];
        region.ProtectionChanged += (_, now) =>
        {
            lock (changes)
            {
                changes.Add(now);
            }
        };
        using ManualResetEventSlim told = new();
        region.Trespassed += (_, _) => told.Set();
        int instance = Directory.EnumerateFiles("/proc/self/fd")
            .Where(static one => new FileInfo(one).LinkTarget is { } link && link.Contains("fanotify", StringComparison.Ordinal))
            .Select(static one => int.Parse(Path.GetFileName(one), CultureInfo.InvariantCulture))
            .Single();
        new SafeFileHandle(instance, ownsHandle: true).Dispose();
        file.Write([1], 32768); // Finds it, and breaks no lease.

        Soon.Until(() => Count(changes) == 2, "the level drops and comes back");
        Soon.Until(() => required.State == RegionState.Revoked, "what required it is revoked");
        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => required.Read<byte>(0));
        Assert.Equal(FaultCause.ProtectionLost, fault.Cause);
        Assert.Equal(ProtectionLevel.ThisProcess, changes[0].Level);
        Assert.Contains("cannot be read any more", changes[0].Reason, StringComparison.Ordinal);
        Assert.Equal(ProtectionLevel.Watched, changes[1].Level);
        File.AppendAllText(file.Path, "past the library");
        Assert.True(told.Wait(Soon.Patience));
        return 0;

        static int Count(List<Protection> list)
        {
            lock (list)
            {
                return list.Count;
            }
        }
    }

    /// <summary>
    /// Where there is no fanotify, inotify is used; when its queue is full, that is said, and whoever truncated the file meanwhile is
    /// found. Argument: path.
    /// </summary>
    internal static int OverflowInotify(string[] arguments)
    {
        PlainCalls.Answer forbidden = PlainCalls.ForbidFanotify();
        if (forbidden.Errno != 0)
        {
            Console.WriteLine($"no filter: {forbidden.Errno}");
            return 77;
        }

        using DirectFile file = DirectFile.Open(arguments[0]);
        using DirectFile other = DirectFile.Create(arguments[0] + ".other", 4096);
        using MappedRegion region = file.Map();
        using MappedRegion second = other.Map();
        Assert.Equal((ProtectionLevel.Watched, ProtectionEngine.Inotify), (region.Protection.Level, region.Protection.Engine));
        Assert.Contains("EPERM", region.Protection.Reason, StringComparison.Ordinal);
        List<string> heard = [];
        region.ProtectionChanged += (_, now) => Add($"{now.Level}: {now.Reason}");
        region.Trespassed += (_, told) => Add($"{told.Origin} {told.Engine} {told.Detail}");
        int limit = int.Parse(File.ReadAllText("/proc/sys/fs/inotify/max_queued_events"), CultureInfo.InvariantCulture);

        using (Witness.OfProcess.Gate.Enter()) // Nobody reads.
        {
            using SafeFileHandle one = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            using SafeFileHandle two = File.OpenHandle(other.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            for (int number = 0; number <= limit; number++)
            {
                RandomAccess.Write(number % 2 == 0 ? two : one, [1], 0);
            }

            RandomAccess.SetLength(one, 4096);
        }

        Soon.Until(() => Has("ThisProcess: ", "queue of Inotify was full"), "the level drops");
        Soon.Until(() => Has("Watched: ", "queue of Inotify was full"), "the level comes back");
        Soon.Until(() => Has("Unknown None", "it has 4096 bytes"), "what was lost is found");
        return 0;

        void Add(string line)
        {
            lock (heard)
            {
                heard.Add(line);
            }
        }

        bool Has(string begin, string part)
        {
            lock (heard)
            {
                return heard.Exists(
                    line => line.StartsWith(begin, StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal));
            }
        }
    }

    /// <summary>
    /// With inotify a change within an operation of the library is a doubt: found where it gave the file another length, and not told where
    /// the library did. Argument: path.
    /// </summary>
    internal static int DoubtWithInotify(string[] arguments)
    {
        if (PlainCalls.ForbidFanotify().Errno != 0)
        {
            return 77;
        }

        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(new MapOptions { Range = new(0, 4096), LeaseCoverage = LeaseCoverage.MappedRange });
        List<string> heard = [];
        region.Trespassed += (_, told) => Add($"{told.Origin}: {told.Detail}");
        for (int round = 0; round < 50; round++)
        {
            file.Write(new byte[4096], 65536 + (4096 * round));
            file.SetLength(65536);
            file.Allocate(65536, 4096);
            file.SetLength(128 << 10);
            file.PunchHole(65536, 4096);
            file.Prepare();
        }

        using (DirectFile whole = DirectFile.Create(arguments[0] + ".whole", 192 << 10))
        using (MappedRegion all = whole.Map(MapOptions.Default with { OnTrespass = (_, told) => Add($"of the whole: {told}") }))
        {
            // Its last extent gets longer.
            whole.Write(new byte[65536], 192 << 10);
            whole.Allocate(256 << 10, 65536);
        }

        Assert.Empty(heard);
        file.PunchHole(65536, 4096);
        file.Prepare(new PrepareOptions { Progress = new Once(() => File.AppendAllText(arguments[0], "past the library, within")) });
        Soon.Until(() => Count() > 0, "the length that nobody gave it is found");
        Assert.Equal([$"Unknown: it has {(128 << 10) + 24} bytes, which no operation of this library made"], heard);
        return 0;

        void Add(string line)
        {
            lock (heard)
            {
                heard.Add(line);
            }
        }

        int Count()
        {
            lock (heard)
            {
                return heard.Count;
            }
        }
    }

    /// <summary>There is a thread while something is watched, and one only; no descriptor stays. Argument: path.</summary>
    internal static int ComeAndGo(string[] arguments)
    {
        Assert.Empty(Instances());
        using (DirectFile none = DirectFile.Open(arguments[0]))
        {
            Assert.Empty(Instances());
            using DirectFile other = DirectFile.Create(arguments[0] + ".other", 4096);
            using MappedRegion region = none.Map();
            using MappedRegion second = other.Map();
            Assert.Single(Instances());
            Assert.Single(Threads());
        }

        Soon.Until(() => Instances().Count == 0 && Threads().Count == 0, "nothing is left when nothing is watched");
        using DirectFile again = DirectFile.Open(arguments[0]);
        using MappedRegion mapped = again.Map();
        using ManualResetEventSlim told = new();
        mapped.Trespassed += (_, _) => told.Set();
        File.AppendAllText(again.Path, "past the library");
        Assert.True(told.Wait(Soon.Patience));
        return 0;

        static List<string> Instances() =>
        [
            .. Directory.EnumerateFiles("/proc/self/fd")
                .Select(static one => new FileInfo(one).LinkTarget ?? "")
                .Where(static link => link.Contains("notify", StringComparison.Ordinal)),
        ];

        static List<string> Threads() =>
        [
            .. Directory.EnumerateDirectories("/proc/self/task")
                .Select(static task => File.ReadAllText(Path.Combine(task, "comm")).Trim())
                .Where(static name => name.StartsWith("DirectMap: chan", StringComparison.Ordinal)),
        ];
    }

    /// <summary>Does something at the first progress, within the operation.</summary>
    private sealed class Once(Action action) : IProgress<PrepareProgress>
    {
        private Action? _action = action;

        public void Report(PrepareProgress value) => Interlocked.Exchange(ref _action, null)?.Invoke();
    }
}
