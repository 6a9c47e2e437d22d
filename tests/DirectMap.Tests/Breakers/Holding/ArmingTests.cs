using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>Files are guarded and let go while others open and write them all the time.</summary>
[Collection(nameof(Alone))]
public sealed class ArmingTests(ForeignProgram program, ITestOutputHelper output) : HoldingTest(program)
{
    private const int Rounds = 2_000;

    /// <summary>Each writer's number; they write it to a place of its own.</summary>
    private static readonly long[] s_pauses = [0, 300, 3_000];

    [Fact]
    public async Task While_a_lease_is_in_force_no_hammering_writer_writes_whenever_the_file_was_guarded()
    {
        Guarded(Long).Dispose(); // Makes the file.
        ForeignProcess[] writers = StartWriters();
        DirectFileOptions options = OptionsOf(Long);
        List<double> times = [];
        int busy = 0;
        int broken = 0;
        int changed = 0;
        for (int round = 0; round < Rounds; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            DirectFile file;
            try
            {
                file = DirectFile.Open(Folder.File(), options);
            }
            catch (IOException exception) when (exception.HResult == Errno.EBUSY)
            {
                busy++;
                continue;
            }

            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            using (file)
            {
                using ManualResetEventSlim told = new();
                using MappedRegion region = await file.MapAsync(new MapOptions
                {
                    WhenUnavailable = WhenUnavailable.Wait,
                    OnBreak = (_, _) => told.Set(),
                }).AsTask().Within();
                long[] before = NumbersIn(region);
                broken += told.Wait(1) ? 1 : 0; // As long as nobody breaks it, or until somebody does: it stays in force.
                long[] after = NumbersIn(region);
                changed += before.SequenceEqual(after) ? 0 : 1;
            }
        }

        string[] said = [.. writers.Select(writer => writer.End())];
        times.Sort();
        output.WriteLine(
            $"{Rounds} rounds: {times.Count} guarded ({100.0 * times.Count(time => time <= 50) / Rounds:F2} % within 50 ms), {busy} busy, "
                + $"p50 {At(times, 0.5):F2} ms, p99 {At(times, 0.99):F2} ms; {broken} broken; writers: {string.Join(", ", said)}");
        Assert.Equal(0, changed);
        Assert.InRange(times.Count(time => time <= 50), Rounds * 80 / 100, Rounds); // 99 of 100 where the machine does nothing else.
        Assert.InRange(broken, Rounds / 10, Rounds); // The writers were there.
        Assert.All(said, one => Assert.EndsWith(" 0 0", one, StringComparison.Ordinal)); // And nobody was refused.
    }

    /// <summary>The control: it is what the order of marking and proving is for.</summary>
    [Fact]
    public void Where_it_is_proven_before_it_is_marked_writes_get_through_unheard()
    {
        Guarded(Long).Dispose();
        ForeignProcess[] writers = StartWriters();
        string path = Folder.File();
        using SafeFileHandle own = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Assert.Equal(0, PreContent.TryInit(out SafeFileHandle group));
        using SafeFileHandle refusing = group;
        bool isOver = false;
        Thread reader = new(() => RefuseAll(group, ref isOver));
        reader.Start();
        int unheard = 0;
        int proven = 0;
        try
        {
            long end = Environment.TickCount64 + 8_000;
            while (unheard == 0 && Environment.TickCount64 < end)
            {
                Assert.Equal(0, PlainCalls.SoftenLeases(own).Errno); // It is so until the lease is given back.
                if (PlainCalls.SetWriteLease(own, isTaken: true).Errno != 0)
                {
                    continue;
                }

                proven++;
                Assert.Equal(0, PreContent.TryMark(group, own));
                _ = PlainCalls.SetWriteLease(own, isTaken: false);
                long[] before = NumbersIn(own);
                long until = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 1_000);
                while (Stopwatch.GetTimestamp() < until)
                {
                    Thread.Yield();
                }

                unheard += before.SequenceEqual(NumbersIn(own)) ? 0 : 1;
                _ = PreContent.TryUnmark(group, own);
            }
        }
        finally
        {
            _ = PreContent.TryUnmark(group, own);
            Volatile.Write(ref isOver, true);
            Assert.True(reader.Join(Soon.Patience));
            refusing.Dispose(); // Whoever waits yet is let go.
        }

        Array.ForEach(writers, writer => writer.Kill());
        output.WriteLine($"{unheard} unheard after {proven} proofs");
        Assert.True(unheard > 0, "the wrong order does no harm");
    }

    private ForeignProcess[] StartWriters()
    {
        ForeignProcess[] writers = [.. s_pauses.Select((pause, number) => Start("hammer", "file.pmem", number * 8, pause))];
        Assert.All(writers, writer => Assert.Equal("ready", writer.ReadLine().Within().GetAwaiter().GetResult()));
        return writers;
    }

    private static void RefuseAll(SafeFileHandle group, ref bool isOver)
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (!Volatile.Read(ref isOver))
        {
            if (Poll.Wait([group], 10) <= 0 || EventQueue.TryRead(group, buffer, out int read) != 0)
            {
                continue;
            }

            ReadOnlySpan<byte> events = buffer[..read];
            while (PreContent.TryTake(ref events, out PreContent.Event one))
            {
                bool isOpening = (one.Mask & PreContent.FAN_OPEN_PERM) != 0;
                _ = PreContent.TryAnswer(group, one.Descriptor, isOpening ? 0 : Errno.EAGAIN);
                PreContent.Close(one.Descriptor);
            }
        }
    }

    private static long[] NumbersIn(MappedRegion region) => [region.Read<long>(0), region.Read<long>(8), region.Read<long>(16)];

    private static long[] NumbersIn(SafeFileHandle file)
    {
        byte[] bytes = new byte[24];
        Assert.Equal(24, RandomAccess.Read(file, bytes, 0));
        return [BitConverter.ToInt64(bytes), BitConverter.ToInt64(bytes, 8), BitConverter.ToInt64(bytes, 16)];
    }

    private static double At(List<double> sorted, double part) => sorted.Count == 0 ? 0 : sorted[(int)((sorted.Count - 1) * part)];
}
