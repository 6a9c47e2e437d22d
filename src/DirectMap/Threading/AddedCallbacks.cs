namespace DirectMap.Threading;

/// <summary>
/// A list of callbacks to which any thread pushes, and which is taken as a whole, without a lock: what is not taken by itself is lost by
/// nobody, and what is goes with a later push or with the list.
/// </summary>
internal struct AddedCallbacks
{
    private UserCallback? _last;

    internal readonly bool IsEmpty => Volatile.Read(in _last) is null;

    /// <summary>
    /// Puts a callback on the list, and takes those off that were added last and have been taken: so a breaker that waits for its holder
    /// keeps no list, and whoever runs a callback has nothing to do for it. No callback comes twice, so one that is found on top has not
    /// been away, and what is behind it has not changed.
    /// </summary>
    internal void Push(UserCallback callback)
    {
        UserCallback? top, rest;
        do
        {
            top = Volatile.Read(ref _last);
            rest = top;
            while (rest is { IsTaken: true })
            {
                rest = rest.Before;
            }

            callback.Before = rest;
        }
        while (Interlocked.CompareExchange(ref _last, callback, top) != top);

        // They are nobody else's now. A handle that is kept must not keep others.
        while (top != rest)
        {
            UserCallback? before = top!.Before;
            top.Before = null;
            top = before;
        }
    }

    /// <summary>Empties the list into another one, which is empty: what was not taken, in the order in which it was pushed.</summary>
    internal void TakeAll(List<UserCallback> into)
    {
        UserCallback? callback = Interlocked.Exchange(ref _last, null);
        while (callback is not null)
        {
            if (!callback.IsTaken)
            {
                into.Add(callback);
            }

            UserCallback? before = callback.Before;
            callback.Before = null;
            callback = before;
        }

        into.Reverse();
    }
}
