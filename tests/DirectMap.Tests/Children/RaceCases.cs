using System.Globalization;
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
    /// <summary>
    /// Arguments: path, "scalar" or "scope", "breaker" (the whole way: lease, deadline, thread), "revoke", "dispose" or "reversed",
    /// milliseconds: the first loss ends it. Exit code 0: nothing lost; 3: something lost; else the case itself failed.
    /// </summary>
    internal static int AccessAgainstTakingAway(string[] arguments)
    {
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
            "revoke" => region => region.Core.Mapping.Invalidate(MappingLife.Revoked),
            "dispose" => region => region.Dispose(),
            _ => ReversedRevocation,
        };
        byte[] constant = new byte[page];
        Array.Fill(constant, (byte)0x5A);
        file.Write(constant, page);

        AccessingWorkers workers = new(scopes: arguments[1] == "scope");
        byte[] content = new byte[page];
        long lost = 0;
        RaceRounds race = new(workers.Work, Duration(arguments[3]));
        long rounds = race.Run(
            () => workers.Region = file.Map(MapOptions.DirectOrEmulated),
            () => takeAway(workers.Region!),
            () =>
            {
                workers.Region!.Dispose();
                file.Read(content, 0);
                lost += workers.LostIn(content);
                return workers.Unexpected is null && lost + workers.FalseReads == 0;
            });
        Console.WriteLine($"{arguments[1]} against {arguments[2]}: {rounds} rounds, {lost} lost reports, {workers}");
        return workers.Unexpected is not null ? 2 : lost + workers.FalseReads != 0 ? 3 : rounds < RaceRounds.Enough ? 2 : 0;
    }

    /// <summary>
    /// Arguments: path, "drained" or "not-drained", milliseconds at most. A scope that ReleaseAsync let open must complete; with Dispose
    /// (the control) some do not. Exit code 0: all did; 3: some did not; else the case itself failed.
    /// </summary>
    internal static int ScopesAgainstRelease(string[] arguments)
    {
        bool drained = arguments[1] == "drained";
        using DirectFile file = DirectFile.Create(arguments[0], 4096);
        ScopingWorkers workers = new();
        bool hung = false;
        RaceRounds race = new(workers.Work, Duration(arguments[2]));
        long rounds = race.Run(
            () => workers.Region = file.Map(MapOptions.DirectOrEmulated),
            () =>
            {
                if (drained)
                {
                    hung = !workers.Region!.ReleaseAsync().Wait(RaceRounds.Patience);
                }
                else
                {
                    workers.Region!.Dispose();
                }
            },
            () => !hung && workers.Broken == 0);
        Console.WriteLine($"{arguments[1]}: {rounds} rounds, {workers}, hung: {hung}");
        return hung ? 2 : workers.Broken != 0 ? 3 : rounds < RaceRounds.Enough ? 2 : 0;
    }

    private static TimeSpan Duration(string milliseconds) =>
        TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture));

    private static unsafe void ReversedRevocation(MappedRegion region)
    {
        RegionMapping mapping = region.Core.Mapping;
        PageSink.Replace(mapping.Start, (nuint)region.Length, writable: true);
        mapping.Invalidate(MappingLife.Revoked);
    }

    /// <summary>Each stores its own word of the first page, counts up, and loads from the second one, which nobody changes.</summary>
    private sealed class AccessingWorkers(bool scopes)
    {
        private const long Constant = 0x5A5A_5A5A_5A5A_5A5A;

        private readonly long[] _values = new long[RaceRounds.Workers * 8]; // a cache line each
        private readonly long[] _reported = new long[RaceRounds.Workers * 8];
        private long _falseReads;

        internal MappedRegion? Region { get; set; }

        internal Exception? Unexpected { get; private set; }

        internal long FalseReads => Volatile.Read(ref _falseReads);

        /// <summary>Until the region is gone.</summary>
        internal void Work(int worker)
        {
            try
            {
                MappedRegion mine = Region!;
                while (true)
                {
                    Store(mine, worker * 8, ++_values[worker * 8]);
                    _reported[worker * 8] = _values[worker * 8];
                    if (mine.Read<long>(Environment.SystemPageSize + (worker * 8)) != Constant)
                    {
                        Interlocked.Increment(ref _falseReads);
                    }
                }
            }
            catch (Exception exception) when (exception is MappingFaultException or ObjectDisposedException)
            {
                // As it must end.
            }
            catch (Exception exception)
            {
                Unexpected = exception;
            }
        }

        private void Store(MappedRegion region, int offset, long value)
        {
            if (!scopes)
            {
                region.Write(offset, value);
                return;
            }

            using RegionScope scope = region.OpenScope(offset, 8);
            BitConverter.TryWriteBytes(scope.Span, value);
            scope.Complete();
        }

        /// <summary>How many words of the file are older than what was reported.</summary>
        internal int LostIn(byte[] content) =>
            Enumerable.Range(0, RaceRounds.Workers).Count(worker => BitConverter.ToInt64(content, worker * 8) < _reported[worker * 8]);

        public override string ToString() => $"{FalseReads} false reads, {_reported.Max()} accesses. {Unexpected}";
    }

    /// <summary>Each opens scopes, one after another, until the region lets none open.</summary>
    private sealed class ScopingWorkers
    {
        private long _broken;
        private long _completed;

        internal MappedRegion? Region { get; set; }

        internal long Broken => Volatile.Read(ref _broken);

        internal void Work(int worker)
        {
            MappedRegion mine = Region!;
            while (TryScope(mine))
            {
            }
        }

        private bool TryScope(MappedRegion mine)
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
                Interlocked.Increment(ref _completed);
                return true;
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref _broken);
                return false;
            }
            finally
            {
                scope.Dispose();
            }
        }

        public override string ToString() => $"{_completed} scopes, {_broken} did not complete";
    }
}
