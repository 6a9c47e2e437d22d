using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// Tells one user of an inode, a region or a file, what happens outside: each change of what the inode is protected from that comes after a
/// handler was added, in order, one at a time; and after each trespass at least one that is told no earlier. It does so on threads for the
/// user's callbacks. The library's own listener hears before them, on a thread where no user's code can be in its way. What waits to be
/// told is bounded: a trespass by somebody whose last one still waits is told with it, and where more than <see cref="MostTrespassers"/>
/// wait, the next is told as one of whom nothing is known. The arbiter refers to it weakly: handlers keep no forgotten region alive.
/// </summary>
internal sealed class OutsideNotifier
{
    /// <summary>How many trespasses by different processes wait to be told.</summary>
    internal const int MostTrespassers = 64;

    private readonly FileArbiter _arbiter;
    private readonly Action<Exception> _failed;
    private readonly string? _path; // null: as the notice has it
    private readonly INoticeListener? _listener;
    private readonly UninterruptedLock _gate = new();
    private readonly List<OutsideNotice> _untold = [];
    private Handler[] _handlers = []; // replaced, never written to
    private object? _sender;
    private long _changes; // how many notices there were
    private bool _isTelling; // a thread does, or one is on its way
    private volatile bool _isClosed;

    /// <param name="inode">Whose notices are told, from now on.</param>
    /// <param name="failed">Is told of what a handler throws.</param>
    /// <param name="listener">Is asked of each notice, and hears it before the handlers do; null for nobody.</param>
    /// <param name="path">What the file is called in what is told.</param>
    internal OutsideNotifier(Inode inode, string path, Action<Exception> failed, INoticeListener? listener = null)
        : this(inode.Arbiter, failed, listener) => _path = path;

    internal OutsideNotifier(FileArbiter arbiter, Action<Exception> failed, INoticeListener? listener = null)
    {
        _arbiter = arbiter;
        _failed = failed;
        _listener = listener;
        Itself = new WeakReference<OutsideNotifier>(this);
        arbiter.Add(this);
    }

    /// <summary>By which the arbiter refers to it.</summary>
    internal WeakReference<OutsideNotifier> Itself { get; }

    /// <param name="sender">What the handlers are given; always the same.</param>
    /// <param name="handler">Is told of changes of the protection from now on.</param>
    internal void Add(object sender, EventHandler<Protection>? handler) =>
        Add(sender, (handler?.GetInvocationList() ?? []).Select(static one => new Handler((EventHandler<Protection>)one, null)));

    /// <param name="sender">What the handlers are given; always the same.</param>
    /// <param name="handler">Is told of trespasses from now on.</param>
    internal void AddForTrespasses(object sender, EventHandler<Trespass>? handler) =>
        Add(sender, (handler?.GetInvocationList() ?? []).Select(static one => new Handler(null, (EventHandler<Trespass>)one)));

    /// <summary>Takes away what was added last.</summary>
    internal void Remove(EventHandler<Protection>? handler)
    {
        foreach (EventHandler<Protection> one in Delegate.EnumerateInvocationList(handler))
        {
            RemoveLast(other => other.Protection == one);
        }
    }

    /// <inheritdoc cref="Remove(EventHandler{Protection}?)"/>
    /// <returns>Whether none is left for trespasses.</returns>
    internal bool RemoveForTrespasses(EventHandler<Trespass>? handler)
    {
        foreach (EventHandler<Trespass> one in Delegate.EnumerateInvocationList(handler))
        {
            RemoveLast(other => other.Trespass == one);
        }

        using (_gate.Enter())
        {
            return !Array.Exists(_handlers, static one => one.Trespass is not null);
        }
    }

    /// <summary>No handler is called any more, but for one that is running.</summary>
    internal void Close()
    {
        using (_gate.Enter())
        {
            _isClosed = true;
            _handlers = [];
            _sender = null;
            _untold.Clear();
        }

        _arbiter.Remove(this); // Under no lock: the arbiter's gate comes first where both are held.
    }

    /// <summary>Called by the arbiter under its gate, which makes the order.</summary>
    /// <returns>What is to be called with no lock held; null for nothing.</returns>
    internal Action? Enqueue(OutsideNotice notice) => EnqueueNamed(
        notice.Trespass is { } trespass && _path is { } path ? notice with { Trespass = trespass with { Path = path } } : notice);

    private Action? EnqueueNamed(OutsideNotice notice) => (_listener?.WayOf(notice) ?? NoticeWay.Handlers) switch
    {
        NoticeWay.Kept => null,
        NoticeWay.ListenerFirst => () => LaneOf(notice).Queue(() => HearFirst(notice)),
        _ => EnqueueForHandlers(notice),
    };

    /// <summary>Who looks asks a file system.</summary>
    private static OwnWork LaneOf(OutsideNotice notice) =>
        notice is { Protection: null, Trespass: null } ? OwnWork.Asking : OwnWork.Prompt;

    private Action? EnqueueForHandlers(OutsideNotice notice)
    {
        using (_gate.Enter())
        {
            if (_isClosed || _handlers.Length == 0)
            {
                return null;
            }

            _changes++;
            Wait(notice);
            bool begins = !_isTelling;
            _isTelling = true;
            return begins ? Begin : null;
        }
    }

    private void HearFirst(OutsideNotice notice)
    {
        if (!_isClosed)
        {
            _listener!.Hear(notice);
        }

        if (notice.Protection is not null || notice.Trespass is not null)
        {
            EnqueueForHandlers(notice)?.Invoke();
        }
    }

    private void Begin() => UserCode.Queue(static notifier => notifier.NotifyAll(), this, _failed);

    private void Wait(OutsideNotice notice)
    {
        notice = notice with { Number = _changes };
        if (notice.Trespass is { } trespass)
        {
            int waiting = _untold.Count(static one => one.Trespass is not null);
            if (waiting >= MostTrespassers && !_untold.Exists(one => one.Covers(notice)))
            {
                notice = notice with { Trespass = trespass with { Origin = TrespassOrigin.Unknown, ProcessId = null, ProcessName = null } };
            }

            // The later one takes its place: a handler that was added in between is to hear of it.
            _ = _untold.RemoveAll(one => one.Covers(notice));
        }

        _untold.Add(notice);
    }

    private void Add(object sender, IEnumerable<Handler> handlers)
    {
        using (_gate.Enter())
        {
            if (!_isClosed)
            {
                _sender = sender;
                _handlers = [.. _handlers, .. handlers.Select(one => one with { AddedAfter = _changes })];
            }
        }
    }

    private void RemoveLast(Predicate<Handler> isThat)
    {
        using (_gate.Enter())
        {
            int at = Array.FindLastIndex(_handlers, isThat);
            _handlers = at < 0 ? _handlers : [.. _handlers[..at], .. _handlers[(at + 1)..]];
        }
    }

    private void NotifyAll()
    {
        while (true)
        {
            object? sender;
            Handler[] handlers;
            OutsideNotice notice;
            using (_gate.Enter())
            {
                if (_untold.Count == 0)
                {
                    _isTelling = false;
                    return;
                }

                notice = _untold[0];
                _untold.RemoveAt(0);
                (sender, handlers) = (_sender, _handlers);
            }

            // Each by itself: one that throws keeps no other from hearing of it, and one that disposes the region is the last.
            foreach (Handler handler in handlers)
            {
                if (handler.AddedAfter < notice.Number && !_isClosed)
                {
                    UserCode.Run(told => handler.Call(sender, told), notice, _failed);
                }
            }
        }
    }

    /// <param name="Protection">Whom to tell of changes of the protection; null for nobody.</param>
    /// <param name="Trespass">Whom to tell of trespasses; null for nobody.</param>
    /// <param name="AddedAfter">How many notices there had been when it was added.</param>
    private readonly record struct Handler(EventHandler<Protection>? Protection, EventHandler<Trespass>? Trespass, long AddedAfter = 0)
    {
        internal void Call(object? sender, OutsideNotice notice)
        {
            if (notice.Protection is { } protection)
            {
                Protection?.Invoke(sender, protection);
            }

            if (notice.Trespass is { } trespass)
            {
                Trespass?.Invoke(sender, trespass);
            }
        }
    }
}
