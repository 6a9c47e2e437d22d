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
            seen.File.Listener.Trespassed(seen);
        }

        foreach (WatchedFile file in _unheld)
        {
            file.Listener.Unheld();
        }
    }
}
