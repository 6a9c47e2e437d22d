using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>What is found under the witness's gate, to be told when it is left.</summary>
internal sealed class FoundTrespasses
{
    private readonly List<SeenTrespass> _trespasses = [];
    private readonly HashSet<WatchedFile> _unheld = [];

    internal bool HasAny => _trespasses.Count > 0 || _unheld.Count > 0;

    /// <summary>Has a file judge a change. The same trespass is told once.</summary>
    internal void Judge(WatchedFile file, ChangedBy who, int processId, ProtectionEngine engine)
    {
        if (!file.IsHeld)
        {
            _ = _unheld.Add(file);
        }
        else if (file.Judge(who) is { } origin)
        {
            SeenTrespass seen = new(file, origin, processId, engine);
            if (!_trespasses.Contains(seen))
            {
                _trespasses.Add(seen);
            }
        }
    }

    /// <summary>Tells the files' listeners, with no lock held.</summary>
    internal void Tell()
    {
        foreach (SeenTrespass seen in _trespasses)
        {
            Tell(static one => one.File.Listener.Trespassed(one), seen);
        }

        foreach (WatchedFile file in _unheld)
        {
            Tell(static one => one.Listener.Unheld(), file);
        }
    }

    /// <summary>Each by itself: one that fails (no memory, say) keeps no other from hearing, nor the operation that found it.</summary>
    private static void Tell<T>(Action<T> tell, T what)
    {
        try
        {
            tell(what);
        }
        catch (Exception exception)
        {
            UserCode.TraceFailure(exception);
        }
    }
}
