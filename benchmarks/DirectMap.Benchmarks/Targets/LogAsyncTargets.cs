using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Durable appends of 256 bytes that wait in no thread, some in flight at a time, to FasterLog: to the faster one of two ways to commit.
/// </summary>
internal static class LogAsyncTargets
{
    private const int RecordLength = 256;
    private const int Pairs = 150;
    private const long Length = 64 << 20;
    private const long PeerLength = 512 << 20; // It writes behind what it has written, and is not read.
    private const long ShortPeerLength = 32 << 20;

    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(15);
    private static readonly byte[] s_record = new byte[RecordLength];

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        foreach (int inFlight in (int[])[8, 64])
        {
            using Place place = new(Place.Disk, Length);
            using MappedRegion region = LogAppendTargets.Map(place);
            using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = true });
            Comparison? figure = null;
            FasterCommits way = default;
            foreach (FasterCommits commits in Enum.GetValues<FasterCommits>())
            {
                Comparison one = Compare(paired, log, inFlight, commits);
                if (figure is null || one.Ratio > figure.Ratio)
                {
                    (figure, way) = (one, commits);
                }
            }

            yield return Line.Faster(
                Line.Text($"AppendAsync, {inFlight} in flight, to FasterLog"), 2, figure!, $"commits {Words(way)}");
        }
    }

    private static Comparison Compare(Paired paired, PersistentLog log, int inFlight, FasterCommits commits)
    {
        string folder = Path.Combine(Place.Disk, $"directmap-targets-faster-{Environment.ProcessId}-{inFlight}-{commits}");
        using FasterLogPeer peer = new(folder, paired.IsShort ? ShortPeerLength : PeerLength, commits);
        return paired.Compare(
            count => InFlight(inFlight, count, log.AppendAsync),
            PeerInFlight,
            s_slice,
            Pairs).Each(inFlight);

        void PeerInFlight(int count)
        {
            peer.Start();
            InFlight(inFlight, count, (record, _) => peer.AppendAsync(record));
            peer.Stop();
        }
    }

    /// <summary>Each appends so many, the next one when the one before is durable.</summary>
    private static void InFlight(int inFlight, int count, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask<long>> append)
    {
        Task.WaitAll([.. Enumerable.Range(0, inFlight).Select(_ => Task.Run(AppendAsync))]);

        async Task AppendAsync()
        {
            for (int i = 0; i < count; i++)
            {
                await append(s_record, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static string Words(FasterCommits commits) => commits == FasterCommits.ByATask ? "by a task" : "by everyone";
}
