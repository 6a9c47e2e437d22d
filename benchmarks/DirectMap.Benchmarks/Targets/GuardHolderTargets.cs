using System.Text;
using static DirectMap.Benchmarks.Targets.BareGuardCalls;

namespace DirectMap.Benchmarks.Targets;

/// <summary>What it costs the holder that his file is guarded: his own accesses, his own write, and the opening.</summary>
internal static class GuardHolderTargets
{
    private const int Page = 4096;

    private static readonly byte[] s_page = new byte[Page];

    internal static IEnumerable<Line> Measure(
        Paired paired, string path, string otherPath, DirectFileOptions guardedOptions, DirectFileOptions noneOptions)
    {
        using (DirectFile guarded = DirectFile.Open(path, guardedOptions))
        using (DirectFile none = DirectFile.Open(otherPath, noneOptions))
        {
            using (MappedRegion region = guarded.Map())
            using (MappedRegion other = none.Map())
            {
                yield return Access("Read", Read);
                yield return Access("Write", Write);
                yield return Access("scope", Scope);

                Line Access(string name, Action<MappedRegion, int> access) => Line.AtMost(
                    $"own {name}, to one without a guard",
                    1.02,
                    paired.Compare(count => access(region, count), count => access(other, count)));
            }

            yield return Line.Reported(
                "own file.Write of 4 KiB, to no guard",
                paired.Compare(count => WritePages(guarded, count), count => WritePages(none, count)));
        }

        yield return WriteBesideWatched(paired, path, otherPath, guardedOptions);
        yield return Arming(paired, path, otherPath, guardedOptions, noneOptions);
    }

    /// <summary>A guarded file is watched, too, and to be told of each change takes longer than the change.</summary>
    private static Line WriteBesideWatched(Paired paired, string path, string otherPath, DirectFileOptions guardedOptions)
    {
        using DirectFile guarded = DirectFile.Open(path, guardedOptions), watched = DirectFile.Open(otherPath);
        using MappedRegion region = guarded.Map(), other = watched.Map();
        return Line.Reported(
            "the same under a lease, to a watched file",
            paired.Compare(count => WritePages(guarded, count), count => WritePages(watched, count)));
    }

    /// <summary>
    /// What a guarded opening takes longer than one without, and the system calls that a proof takes, by themselves. Another file is
    /// guarded throughout, so the threads are there.
    /// </summary>
    private static Line Arming(
        Paired paired, string path, string otherPath, DirectFileOptions guardedOptions, DirectFileOptions noneOptions)
    {
        TimeSpan slice = TimeSpan.FromTicks(1); // one piece of work
        using DirectFile threads = DirectFile.Open(otherPath, guardedOptions);
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        int group = BareGuard.NewGroup();
        Comparison armed = paired.Compare(count => Opens(path, guardedOptions, count), count => Proofs(group, name, count), slice);
        Comparison plain = paired.Compare(count => Opens(path, noneOptions, count), count => Proofs(group, name, count), slice);
        _ = Close(group);
        return Line.AtMost(
            "what arming adds to Open, to bare calls",
            3,
            new Comparison(armed.Measured - plain.Measured, armed.Peer, armed.Ratio - plain.Ratio),
            Line.Text($"all of it {armed.Ratio:0.00}x"));
    }

    private static void Opens(string path, DirectFileOptions options, int count)
    {
        for (int i = 0; i < count; i++)
        {
            DirectFile.Open(path, options).Dispose();
        }
    }

    /// <summary>The mark, the lease that proves that nobody has the file open, and both taken back.</summary>
    private static unsafe void Proofs(int group, byte[] path, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int file;
            fixed (byte* first = path)
            {
                file = Check(Open(first, O_RDONLY | O_CLOEXEC), "open");
            }

            BareGuard.Mark(group, FAN_MARK_ADD, file);
            _ = Check(Control(file, F_SETLEASE, F_WRLCK), "F_SETLEASE");
            _ = Check(Control(file, F_SETLEASE, F_UNLCK), "F_SETLEASE");
            BareGuard.Mark(group, FAN_MARK_REMOVE, file);
            _ = Close(file);
        }
    }

    private static void WritePages(DirectFile file, int count)
    {
        for (int i = 0; i < count; i++)
        {
            file.Write(s_page, 0);
        }
    }

    private static void Read(MappedRegion region, int count)
    {
        long sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += region.Read<long>(8 * (i & 1023));
        }

        GC.KeepAlive(sum);
    }

    private static void Write(MappedRegion region, int count)
    {
        for (int i = 0; i < count; i++)
        {
            region.Write(8 * (i & 1023), (long)i);
        }
    }

    private static void Scope(MappedRegion region, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = region.OpenScope(8 * (i & 1023), 8);
            scope.Complete();
        }
    }
}
