using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// What a scope costs beside the least that anybody has to do who wants to know whether a mapping is still there: look at a word.
/// </summary>
internal static unsafe class ScopeTargets
{
    private static MappedRegion s_region = null!;
    private static WordHolder s_holder = null!;
    private static Pair s_pair = null!;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using Place place = new(Place.Memory, 1 << 20);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated);
        using WordHolder holder = new();
        s_region = region;
        s_holder = holder;
        yield return Line.AtMost("OpenScope, Complete, Dispose, to a word's check", 6, paired.Compare(Scopes, Checks));
        if (Environment.ProcessorCount < 2)
        {
            yield return Line.NotMeasured("two threads, to one", "needs two processors");
            yield break;
        }

        // What two processors of this machine take from each other, whatever they do, is shown beside it.
        Comparison checks = Both(paired, Checks, 16);
        yield return Line.AtMost(
            "two threads on one region, to one thread", 1.2, Both(paired, Scopes, 1), Line.Text($"with bare checks {checks.Ratio:0.00}x"));
    }

    private static Comparison Both(Paired paired, Action<int> work, int times)
    {
        using Pair pair = new(work, times * (paired.IsShort ? 20_000 : 2_000_000));
        s_pair = pair;
        return paired.Compare(BothThreads, OneThread, TimeSpan.FromTicks(1), 60);
    }

    private static void Checks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_holder.Check();
        }
    }

    private static void Scopes(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(64, 128);
            scope.Complete();
        }
    }

    private static void OneThread(int count) => s_pair.RunOne(count);

    private static void BothThreads(int count) => s_pair.RunBoth(count);

    /// <summary>What a region would be that could do nothing but say whether it is still there.</summary>
    private sealed class WordHolder : IDisposable
    {
        private readonly nint _memory = (nint)NativeMemory.AllocZeroed(sizeof(int));
        private nint _word; // as a region's, which can change

        internal WordHolder() => Renew();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Check()
        {
            int* word = (int*)Volatile.Read(ref _word);
            Volatile.ReadBarrier();
            if (*word > 2)
            {
                Throw();
            }

            GC.KeepAlive(this);
        }

        public void Dispose() => NativeMemory.Free((void*)_memory);

        private void Renew() => Volatile.Write(ref _word, _memory);

        private static void Throw() => throw new InvalidOperationException();
    }

    /// <summary>Two threads that begin together; a thread that does not run is parked, so that it takes nothing from the other.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly Action<int> _work;
        private readonly int _times;
        private readonly Barrier _start = new(2);
        private readonly Barrier _end = new(2);
        private readonly Thread _other;
        private volatile bool _isOver;

        internal Pair(Action<int> work, int times)
        {
            _work = work;
            _times = times;
            _other = new Thread(() =>
            {
                while (true)
                {
                    _start.SignalAndWait();
                    if (_isOver)
                    {
                        return;
                    }

                    _work(_times);
                    _end.SignalAndWait();
                }
            });
            _other.Start();
        }

        internal void RunOne(int count)
        {
            for (int i = 0; i < count; i++)
            {
                _work(_times);
            }
        }

        internal void RunBoth(int count)
        {
            for (int i = 0; i < count; i++)
            {
                _start.SignalAndWait();
                _work(_times);
                _end.SignalAndWait();
            }
        }

        public void Dispose()
        {
            _isOver = true;
            _start.SignalAndWait();
            _other.Join();
            _start.Dispose();
            _end.Dispose();
        }
    }
}
