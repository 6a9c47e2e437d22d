using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Durability;

/// <summary>
/// Syncs of one region for callers that do not wait in them. Invariants:
/// <list type="number">
/// <item>Large requests have a lane of their own: nobody who asks for little waits for one. What follows holds for each lane, so two pool
/// threads at most are in syncs.</item>
/// <item>At most one sync is under way. A request is served by one that began after the request was made: what was stored before the
/// request is what the sync writes.</item>
/// <item>Requests that came while a sync was under way are served together: those whose pages overlap, or touch, by one sync. So any number
/// of requests over overlapping bytes, made at one time, take two.</item>
/// <item>Whoever takes requests out of the queue serves them, whatever a sync says.</item>
/// </list>
/// Safe for any thread. Continuations run on the pool, never within the queue.
/// </summary>
/// <param name="sync">Syncs bytes (first, length) of the region; 0 or the error number. Blocks, so it is called on a pool thread.</param>
internal sealed class SyncQueue(Func<long, long, int> sync)
{
    private readonly Lane _small = new(sync);
    private readonly Lane _large = new(sync);

    /// <summary>Syncs some bytes. Returns 0 or the error number.</summary>
    internal Task<int> SyncAsync(long offset, long length)
    {
        Request request = new(Rounding.PageDown(offset), Rounding.PageUp(offset + length));
        (SteppedWriteback.IsLarge(length) ? _large : _small).Add(request);
        return request.Done.Task;
    }

    private sealed class Lane(Func<long, long, int> sync)
    {
        private readonly UninterruptedLock _gate = new();
        private List<Request> _waiting = [];
        private bool _isRunning;

        internal void Add(Request request)
        {
            using (_gate.Enter())
            {
                _waiting.Add(request);
                if (_isRunning)
                {
                    return;
                }

                _isRunning = true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(static lane => lane.Run(), this, preferLocal: false);
        }

        private void Run()
        {
            while (true)
            {
                List<Request> taken;
                using (_gate.Enter())
                {
                    if (_waiting.Count == 0)
                    {
                        _isRunning = false;
                        return;
                    }

                    Debug.Assert(_isRunning, "2: another sync may begin meanwhile");
                    (taken, _waiting) = (_waiting, []);
                }

                taken.Sort(static (left, right) => left.Start.CompareTo(right.Start));
                for (int first = 0, next; first < taken.Count; first = next)
                {
                    long end = taken[first].End;
                    for (next = first + 1; next < taken.Count && taken[next].Start <= end; next++)
                    {
                        end = Math.Max(end, taken[next].End);
                    }

                    Debug.Assert(next == taken.Count || taken[next].Start > end, "3: pages that touch are synced twice");
                    Serve(taken[first..next], taken[first].Start, end);
                }
            }
        }

        private void Serve(List<Request> requests, long start, long end)
        {
            try
            {
                int errno = sync(start, end - start);
                requests.ForEach(request => request.Done.SetResult(errno));
            }
            catch (Exception exception)
            {
                requests.ForEach(request => request.Done.SetException(exception));
            }

            Debug.Assert(requests.TrueForAll(static request => request.Done.Task.IsCompleted), "4: a request was taken and not served");
        }
    }

    private sealed class Request(long start, long end)
    {
        internal long Start { get; } = start;

        internal long End { get; } = end;

        internal TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
