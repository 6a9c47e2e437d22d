using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// Tells the handlers of one region each change of what its inode is protected from that comes after they were added: in order, one at a
/// time, on threads for the user's callbacks. The arbiter refers to it weakly, so that handlers keep no forgotten region alive.
/// </summary>
internal sealed class ProtectionNotifier
{
    private readonly FileArbiter _arbiter;
    private readonly Action<Exception> _failed;
    private readonly UninterruptedLock _gate = new();
    private readonly Queue<Stated<ProtectionLevel>> _untold = new();
    private Handler[] _handlers = []; // replaced, never written to
    private object? _sender;
    private long _changes; // how many there were
    private bool _isTelling; // a thread does, or one is on its way
    private volatile bool _isClosed;

    /// <param name="inode">Whose changes are told, from now on.</param>
    /// <param name="failed">Is told of what a handler throws.</param>
    internal ProtectionNotifier(Inode inode, Action<Exception> failed)
        : this(inode.Arbiter, failed)
    {
    }

    internal ProtectionNotifier(FileArbiter arbiter, Action<Exception> failed)
    {
        _arbiter = arbiter;
        _failed = failed;
        arbiter.Add(this);
    }

    /// <param name="sender">What the handlers are given; always the same.</param>
    /// <param name="handler">Is told of changes from now on.</param>
    internal void Add(object sender, EventHandler<Stated<ProtectionLevel>>? handler)
    {
        using (_gate.Enter())
        {
            if (!_isClosed)
            {
                _sender = sender;
                foreach (EventHandler<Stated<ProtectionLevel>> one in Delegate.EnumerateInvocationList(handler))
                {
                    _handlers = [.. _handlers, new Handler(one, _changes)];
                }
            }
        }
    }

    /// <summary>Takes away what was added last.</summary>
    internal void Remove(EventHandler<Stated<ProtectionLevel>>? handler)
    {
        using (_gate.Enter())
        {
            foreach (EventHandler<Stated<ProtectionLevel>> one in Delegate.EnumerateInvocationList(handler))
            {
                int at = Array.FindLastIndex(_handlers, other => other.Call == one);
                _handlers = at < 0 ? _handlers : [.. _handlers[..at], .. _handlers[(at + 1)..]];
            }
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
    /// <returns>Whether <see cref="Begin"/> is to be called, with no lock held.</returns>
    internal bool Enqueue(Stated<ProtectionLevel> change)
    {
        using (_gate.Enter())
        {
            if (_handlers.Length == 0)
            {
                return false;
            }

            _untold.Enqueue(change);
            _changes++;
            bool begins = !_isTelling;
            _isTelling = true;
            return begins;
        }
    }

    internal void Begin() => UserCode.Queue(static notifier => notifier.NotifyAll(), this, _failed);

    private void NotifyAll()
    {
        while (true)
        {
            object? sender;
            Handler[] handlers;
            Stated<ProtectionLevel> change;
            long number;
            using (_gate.Enter())
            {
                if (!_untold.TryDequeue(out change))
                {
                    _isTelling = false;
                    return;
                }

                number = _changes - _untold.Count;
                (sender, handlers) = (_sender, _handlers);
            }

            // Each by itself: one that throws keeps no other from hearing of it, and one that disposes the region is the last.
            foreach (Handler handler in handlers)
            {
                if (handler.AddedAfter < number && !_isClosed)
                {
                    UserCode.Run(told => handler.Call(sender, told), change, _failed);
                }
            }
        }
    }

    /// <param name="Call">Whom to tell.</param>
    /// <param name="AddedAfter">How many changes there had been when it was added.</param>
    private readonly record struct Handler(EventHandler<Stated<ProtectionLevel>> Call, long AddedAfter);
}
