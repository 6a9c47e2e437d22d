using System.Diagnostics;
using DirectMap.Backings;
using DirectMap.Mapping;

namespace DirectMap.Tests.Children;

/// <summary>
/// Many threads access a region while it is taken away, over and over. What an access reported as good must be in the file: a smaller value
/// there is a lost report. The reversed order of revocation (pages before the word) is the control: there reports must get lost, or the
/// race proves nothing.
/// </summary>
internal static class RaceCases
{
    private const int Workers = 6;
    private const int EnoughRounds = 100; // on a busy machine they take longer than the time that is asked for
    private const long Constant = 0x5A5A_5A5A_5A5A_5A5A;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Arguments: path, "scalar" or "scope", "breaker" (the whole way: lease, deadline, thread), "revoke", "dispose" or "reversed",
    /// milliseconds: the first loss ends it. Exit code 0: nothing lost; 3: something lost; else the case itself failed.
    /// </summary>
    internal static int AccessAgainstTakingAway(string[] arguments)
    {
        bool scopes = arguments[1] == "scope";
        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[3], System.Globalization.CultureInfo.InvariantCulture));
        int page = Environment.SystemPageSize;
        DirectFileOptions options = new()
        {
            Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(1) })
        };
        using DirectFile file = DirectFile.Create(arguments[0], 2 * page, options);
        using DirectFile other = DirectFile.Open(arguments[0], options);
        Action<MappedRegion> takeAway = arguments[2] switch
        {
            "breaker" => _ => other.Write([0], page - 1),
            "revoke" => region => region.Core.Mapping.Invalidate(RegionWord.Revoked),
            "dispose" => region => region.Dispose(),
            _ => ReversedRevocation,
        };
        byte[] constant = new byte[page];
        Array.Fill(constant, (byte)0x5A);
        file.Write(constant, page);

        MappedRegion? region = null;
        bool end = false;
        long[] reported = new long[Workers * 8]; // a cache line each
        long falseReads = 0;
        Exception? unexpected = null;
        using Barrier barrier = new(Workers + 1);

        void Work(int worker)
        {
            long value = 0;
            while (true)
            {
                barrier.SignalAndWait();
                if (end)
                {
                    return;
                }

                try
                {
                    MappedRegion mine = region!;
                    while (true)
                    {
                        value++;
                        if (scopes)
                        {
                            using RegionScope scope = mine.OpenScope(worker * 8, 8);
                            BitConverter.TryWriteBytes(scope.Span, value);
                            scope.Complete();
                        }
                        else
                        {
                            mine.Write(worker * 8, value);
                        }

                        reported[worker * 8] = value;
                        if (mine.Read<long>(page + (worker * 8)) != Constant)
                        {
                            Interlocked.Increment(ref falseReads);
                        }
                    }
                }
                catch (Exception exception) when (exception is MappingFaultException or ObjectDisposedException)
                {
                    // As it must end.
                }
                catch (Exception exception)
                {
                    unexpected = exception;
                }

                barrier.SignalAndWait();
            }
        }

        Thread[] threads = [.. Enumerable.Range(0, Workers).Select(worker => new Thread(() => Work(worker)))];
        Array.ForEach(threads, thread => thread.Start());
        Stopwatch watch = Stopwatch.StartNew();
        Random random = new(1);
        byte[] content = new byte[page];
        long rounds = 0;
        long lost = 0;
        while ((watch.Elapsed < duration || rounds < EnoughRounds) && watch.Elapsed < s_patience && unexpected is null
            && lost + Volatile.Read(ref falseReads) == 0)
        {
            region = file.Map(MapOptions.DirectOrEmulated);
            barrier.SignalAndWait();
            Thread.SpinWait(random.Next(2000));
            takeAway(region);
            barrier.SignalAndWait();
            region.Dispose();
            file.Read(content, 0);
            for (int worker = 0; worker < Workers; worker++)
            {
                if (BitConverter.ToInt64(content, worker * 8) < reported[worker * 8])
                {
                    lost++;
                }
            }

            rounds++;
        }

        end = true;
        barrier.SignalAndWait();
        Array.ForEach(threads, thread => thread.Join());
        Console.WriteLine(
            $"{arguments[1]} against {arguments[2]}: {rounds} rounds, {lost} lost reports, {falseReads} false reads, "
                + $"{reported.Max()} accesses. {unexpected}");
        return unexpected is not null ? 2 : lost + falseReads != 0 ? 3 : rounds < EnoughRounds ? 2 : 0;
    }

    /// <summary>
    /// Arguments: path, "drained" or "not-drained", milliseconds at most. A scope that ReleaseAsync let open must complete; with Dispose
    /// (the control) some do not. Exit code 0: all did; 3: some did not; else the case itself failed.
    /// </summary>
    internal static int ScopesAgainstRelease(string[] arguments)
    {
        bool drained = arguments[1] == "drained";
        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[2], System.Globalization.CultureInfo.InvariantCulture));
        using DirectFile file = DirectFile.Create(arguments[0], 4096);
        MappedRegion? region = null;
        bool end = false;
        long broken = 0;
        long completed = 0;
        using Barrier barrier = new(Workers + 1);

        void Work()
        {
            while (true)
            {
                barrier.SignalAndWait();
                if (end)
                {
                    return;
                }

                MappedRegion mine = region!;
                while (TryScope(mine))
                {
                }

                barrier.SignalAndWait();
            }
        }

        bool TryScope(MappedRegion mine)
        {
            RegionScope scope;
            try
            {
                scope = mine.OpenScope(0, 8);
            }
            catch (ObjectDisposedException)
            {
                return false;
            }

            try
            {
                scope.Span[0]++;
                scope.Complete();
                Interlocked.Increment(ref completed);
                return true;
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref broken);
                return false;
            }
            finally
            {
                scope.Dispose();
            }
        }

        Thread[] threads = [.. Enumerable.Range(0, Workers).Select(_ => new Thread(Work))];
        Array.ForEach(threads, thread => thread.Start());
        Stopwatch watch = Stopwatch.StartNew();
        Random random = new(1);
        long rounds = 0;
        bool hung = false;
        while ((watch.Elapsed < duration || rounds < EnoughRounds) && watch.Elapsed < s_patience && !hung && Volatile.Read(ref broken) == 0)
        {
            region = file.Map(MapOptions.DirectOrEmulated);
            barrier.SignalAndWait();
            Thread.SpinWait(random.Next(2000));
            if (drained)
            {
                hung = !region.ReleaseAsync().Wait(s_patience);
            }
            else
            {
                region.Dispose();
            }

            barrier.SignalAndWait();
            rounds++;
        }

        end = true;
        barrier.SignalAndWait();
        Array.ForEach(threads, thread => thread.Join());
        Console.WriteLine($"{arguments[1]}: {rounds} rounds, {completed} scopes, {broken} did not complete, hung: {hung}");
        return hung ? 2 : broken != 0 ? 3 : rounds < EnoughRounds ? 2 : 0;
    }

    private static unsafe void ReversedRevocation(MappedRegion region)
    {
        RegionMapping mapping = region.Core.Mapping;
        PageSink.Replace(mapping.Start, (nuint)region.Length, writable: true);
        mapping.Invalidate(RegionWord.Revoked);
    }
}
