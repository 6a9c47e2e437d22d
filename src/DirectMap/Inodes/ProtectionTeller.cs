using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// Tells the handlers of one region each change of what its inode is protected from: in order, one at a time, on threads for the user's
/// callbacks. The arbiter refers to it weakly, so that handlers keep no forgotten region alive.
/// </summary>
internal sealed class ProtectionTeller
{
    private readonly FileArbiter _arbiter;
    private readonly Action<Exception> _failed;
    private readonly UninterruptedLock _gate = new();
    private readonly Queue<Stated<ProtectionLevel>> _untold = new();
    private (object Sender, EventHandler<Stated<ProtectionLevel>>? Handlers) _told;
    private bool _isTelling; // a thread does, or one is on its way
    private bool _isClosed;

    /// <param name="inode">Whose changes are told, from now on.</param>
    /// <param name="failed">Is told of what a handler throws.</param>
    internal ProtectionTeller(Inode inode, Action<Exception> failed)
        : this(inode.Arbiter, failed)
    {
    }

    internal ProtectionTeller(FileArbiter arbiter, Action<Exception> failed)
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
                _told = (sender, _told.Handlers + handler);
            }
        }
    }

    internal void Remove(EventHandler<Stated<ProtectionLevel>>? handler)
    {
        using (_gate.Enter())
        {
            _told.Handlers -= handler;
        }
    }

    /// <summary>No handler is called any more, but for those that are running.</summary>
    internal void Close()
    {
        using (_gate.Enter())
        {
            _isClosed = true;
            _told = default;
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
            if (_told.Handlers is null)
            {
                return false;
            }

            _untold.Enqueue(change);
            bool begins = !_isTelling;
            _isTelling = true;
            return begins;
        }
    }

    internal void Begin() => UserCode.Queue(static teller => teller.TellAll(), this, _failed);

    private void TellAll()
    {
        while (true)
        {
            object sender;
            EventHandler<Stated<ProtectionLevel>>? handlers;
            Stated<ProtectionLevel> change;
            using (_gate.Enter())
            {
                if (!_untold.TryDequeue(out change))
                {
                    _isTelling = false;
                    return;
                }

                (sender, handlers) = _told;
            }

            // Each by itself: one that throws keeps no other from hearing of it.
            foreach (EventHandler<Stated<ProtectionLevel>> handler in Delegate.EnumerateInvocationList(handlers))
            {
                UserCode.Run(told => handler(sender, told), change, _failed);
            }
        }
    }
}
