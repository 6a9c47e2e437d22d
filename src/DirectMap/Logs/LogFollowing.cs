using System.Runtime.CompilerServices;

namespace DirectMap.Logs;

/// <summary>Records of a log that somebody else appends to, as they come.</summary>
internal sealed class LogFollowing(PersistentLogFollower follower, long? from, CancellationToken cancellationToken)
    : IAsyncEnumerable<PersistentLogEntry>
{
    public IAsyncEnumerator<PersistentLogEntry> GetAsyncEnumerator(CancellationToken other = default) =>
        new Enumerator(follower, from, cancellationToken, other);

    private sealed class Enumerator : IAsyncEnumerator<PersistentLogEntry>
    {
        private readonly PersistentLogFollower _follower;
        private readonly LogCursor _cursor = new();
        private readonly LogWait _wait;
        private readonly CancellationTokenSource? _both;
        private readonly CancellationToken _cancellationToken;
        private readonly long? _from;
        private bool _isPlaced;

        internal Enumerator(PersistentLogFollower follower, long? from, CancellationToken first, CancellationToken second)
        {
            (_follower, _from, _wait) = (follower, from, new LogWait(follower.Waits));
            _both = first.CanBeCanceled && second.CanBeCanceled && first != second
                ? CancellationTokenSource.CreateLinkedTokenSource(first, second)
                : null;
            _cancellationToken = _both?.Token ?? (first.CanBeCanceled ? first : second);
        }

        public PersistentLogEntry Current => new(_cursor.Record, _cursor.Bytes);

        public ValueTask<bool> MoveNextAsync()
        {
            if (_cancellationToken.IsCancellationRequested)
            {
                return ValueTask.FromCanceled<bool>(_cancellationToken);
            }

            try
            {
                return TryRead() ? ValueTask.FromResult(true) : WaitAndReadAsync();
            }
            catch (Exception exception)
            {
                return ValueTask.FromException<bool>(exception);
            }
        }

        public ValueTask DisposeAsync()
        {
            _both?.Dispose();
            return default;
        }

        /// <summary>Once there was a record, or an exception, what is asked for is where the cursor is.</summary>
        private bool TryRead()
        {
            LogObserver<RegionLogMemory> observer = _follower.Observer();
            if (!_isPlaced)
            {
                observer.Seek(_cursor, _from);
                _isPlaced = true;
            }

            return observer.TryRead(_cursor);
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<bool> WaitAndReadAsync()
        {
            do
            {
                ValueTask wait = _wait.ForRecord(_cursor.Sequence);
                using (_cancellationToken.UnsafeRegister(
                    static (wait, cancellationToken) => ((LogWait)wait!).Cancel(cancellationToken), _wait))
                {
                    await wait.ConfigureAwait(false);
                }
            }
            while (!TryRead());

            return true;
        }
    }
}
