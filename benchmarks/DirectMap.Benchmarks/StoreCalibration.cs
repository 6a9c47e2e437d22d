using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using DirectMap.Stores;

namespace DirectMap.Benchmarks;

/// <summary>
/// Compares the forms of a copy that ends in memory, for docs/benchmarks.md and the constants of <see cref="StoreForms"/>. In one process,
/// in turn, slice by slice, so that what disturbs the machine disturbs all alike; medians.
/// </summary>
internal static unsafe class StoreCalibration
{
    private const int Slices = 300;
    private const long Region = 128 << 20;

    private static readonly (int Offset, int Length)[] s_ranges =
    [
        (0, 8), (0, 16), (0, 32), (0, 64), (3, 50), (0, 128), (3, 150), (0, 256), (3, 300), (0, 512), (3, 600), (0, 1024), (3, 1100),
        (0, 2048), (3, 2048), (0, 4096), (3, 4096), (0, 8192), (3, 8192), (0, 16384), (3, 16384), (0, 32768), (0, 65536), (3, 65536),
    ];

    private static readonly string[] s_forms =
    [
        "temporal, flush", "non-temporal, flush of what is left over", "non-temporal, flush of all"
    ];

    private static long s_read;
    private static ulong s_random = 88172645463325252;

    private enum Pattern
    {
        /// <summary>Each copy behind the one before: into lines that are in no cache.</summary>
        Append,

        /// <summary>Each copy anywhere: mostly into lines that are in no cache, and that nobody expects.</summary>
        Random,

        /// <summary>Into the same lines again, as the copy before left them.</summary>
        Rewrite,

        /// <summary>
        /// Into the same lines again, which were read meanwhile, so that they are in a cache; the reading of a byte of
        /// each is measured, too.
        /// </summary>
        ReadBefore,
    }

    /// <summary>Prints the tables.</summary>
    internal static int Run()
    {
        if (CacheFlush.Missing is { } missing)
        {
            Console.Error.WriteLine($"cannot flush: {missing}");
            return 1;
        }

        Console.WriteLine(
            $"{CacheFlush.Used}, non-temporal stores evict: {CacheFlush.NonTemporalStoresEvict}, widest vector: {StoreLoop.Widest}, "
                + $"{Environment.Version}");
        string path = Path.Combine(
            Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"directmap-calibration-{Environment.ProcessId}");
        try
        {
            using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(path, FileMode.CreateNew, null, Region);
            using MemoryMappedViewAccessor view = file.CreateViewAccessor();
            byte* start = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            try
            {
                // In bounds and alive, here and below: the view is Region bytes long and the pointer held until the end; the ranges are
                // within the last 128 KiB at most.
                new Span<byte>(start, (int)Region).Fill(1);
                Print(start);
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }
        }
        finally
        {
            File.Delete(path);
        }

        return 0;
    }

    private static void Print(byte* start)
    {
        byte[] source = GC.AllocateArray<byte>(1 << 17, pinned: true);
        fixed (byte* from = source)
        {
            foreach (Pattern pattern in Enum.GetValues<Pattern>())
            {
                Console.WriteLine();
                Console.WriteLine($"{pattern}: median ns; ratio to \"{s_forms[0]}\"");
                Console.WriteLine($"| bytes (offset) | {string.Join(" | ", s_forms)} |");
                foreach ((int offset, int length) in s_ranges)
                {
                    Measure(start, from, pattern, offset, length);
                }
            }
        }
    }

    private static void Measure(byte* start, byte* from, Pattern pattern, int offset, int length)
    {
        double[][] times = [.. s_forms.Select(_ => new double[Slices])];
        long position = 0;
        for (int slice = -Slices / 3; slice < Slices; slice++)
        {
            for (int form = 0; form < s_forms.Length; form++)
            {
                double time = Slice(start, ref position, from, pattern, offset, length, form);
                if (slice >= 0)
                {
                    times[form][slice] = time;
                }
            }
        }

        double[] medians = [.. times.Select(Median)];
        string size = offset == 0 ? $"{length}" : $"{length} (+{offset})";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {size} | {medians[0]:F0} | {medians[1]:F0} ({medians[1] / medians[0]:F2}) | {medians[2]:F0} "
                + $"({medians[2] / medians[0]:F2}) |"));
    }

    private static double Slice(byte* start, ref long position, byte* from, Pattern pattern, int offset, int length, int form)
    {
        int count = Math.Clamp(1_000_000 / (length + 2500), 4, 300);
        int step = (length + offset + 63) & ~63;
        nuint size = (nuint)length;
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            byte* to = start + position + offset;
            if (pattern == Pattern.Append)
            {
                position = position + step > Region - (1 << 18) ? 0 : position + step;
            }
            else if (pattern == Pattern.Random)
            {
                s_random ^= s_random << 13;
                s_random ^= s_random >> 7;
                s_random ^= s_random << 17;
                position = (long)(s_random % (ulong)(Region - (1 << 18)) & ~63UL);
            }
            else if (pattern == Pattern.ReadBefore)
            {
                for (int at = 0; at < length; at += 64)
                {
                    s_read += to[at];
                }
            }

            switch (form)
            {
                case 0:
                    new CopyKernel(from).Temporal(to, 0, size);
                    CacheFlush.Flush(to, size);
                    break;
                case 1:
                    Leftover leftover = new CopyKernel(from).NonTemporal(to, 0, size);
                    if (leftover.Head != 0)
                    {
                        CacheFlush.Flush(to, leftover.Head);
                    }

                    if (leftover.Tail != 0)
                    {
                        CacheFlush.Flush(to + size - leftover.Tail, leftover.Tail);
                    }

                    break;
                default:
                    new CopyKernel(from).NonTemporal(to, 0, size);
                    CacheFlush.Flush(to, size);
                    break;
            }

            CacheFlush.Drain();
        }

        // All together: a fence does not wait for what comes before it on every processor, but what comes after it does.
        return (Stopwatch.GetTimestamp() - began) * 1e9 / Stopwatch.Frequency / count;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
