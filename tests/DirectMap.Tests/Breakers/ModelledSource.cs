using DirectMap.Breakers;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Breakers;

/// <summary>
/// The kernel's queue as a model, for one or more files: equal events that wait are merged, as fanotify does (by file and process), or as
/// inotify does (by file, with the last one only). It may be too small.
/// </summary>
internal sealed class ModelledSource(ProtectionEngine engine, int room = int.MaxValue) : IChangeSource
{
    private readonly List<(WatchedFile File, int Process)> _queue = [];
    private readonly HashSet<WatchedFile> _files = [];
    private bool _hasOverflowed;

    internal bool IsBroken { get; set; }

    internal bool IsDisposed { get; private set; }

    /// <summary>What adding a file fails with; 0 for nothing.</summary>
    internal int AddFailsWith { get; set; }

    internal int Waiting => _queue.Count;

    public ProtectionEngine Engine => engine;

    public SafeFileHandle? Queue => null;

    /// <summary>A process has changed a file; 0 is this one.</summary>
    internal void Change(WatchedFile file, int process)
    {
        if (!_files.Contains(file))
        {
            return;
        }

        bool isMerged = engine == ProtectionEngine.Fanotify
            ? _queue.Contains((file, process))
            : _queue.Count > 0 && _queue[^1].File == file;
        if (isMerged)
        {
            return;
        }

        if (_queue.Count >= room)
        {
            _hasOverflowed = true;
            return;
        }

        _queue.Add((file, process));
    }

    public int TryAdd(WatchedFile file, SafeFileHandle description)
    {
        if (AddFailsWith == 0)
        {
            file.Key = file;
            _ = _files.Add(file);
        }

        return AddFailsWith;
    }

    public void Remove(WatchedFile file, SafeFileHandle? description) => _files.Remove(file);

    public void Forget(WatchedFile file)
    {
        file.Key = null;
        _ = _files.Remove(file);
    }

    public Drained Drain(FoundTrespasses found)
    {
        if (IsBroken)
        {
            return Drained.Failed;
        }

        Drained drained = _hasOverflowed ? Drained.Overflowed : _queue.Count > 0 ? Drained.Events : Drained.Nothing;
        foreach ((WatchedFile file, int process) in _queue)
        {
            ChangedBy who = engine == ProtectionEngine.Inotify ? ChangedBy.Unknown
                : process == 0 ? ChangedBy.ThisProcess
                : ChangedBy.OtherProcess;
            found.Judge(file, who, who == ChangedBy.OtherProcess ? process : 0, engine);
        }

        _queue.Clear();
        _hasOverflowed = false;
        return drained;
    }

    public WatchedFile[] Files() => [.. _files];

    public void Dispose() => IsDisposed = true;
}

/// <summary>A system with modelled sources, whose thread a test runs itself.</summary>
internal sealed class ModelledSystem : IWitnessSystem
{
    /// <summary>What is made, by its engine; an error number where there is none.</summary>
    internal Func<ProtectionEngine, (ModelledSource? Source, int Errno)> Making { get; set; } =
        static engine => (new ModelledSource(engine), 0);

    internal List<ModelledSource> Made { get; } = [];

    internal int Threads { get; private set; }

    public IChangeSource? TryMake(ProtectionEngine engine, UninterruptedLock gate, out int errno)
    {
        (ModelledSource? source, errno) = Making(engine);
        if (source is not null)
        {
            Made.Add(source);
        }

        return source;
    }

    public int TryMakeWake(out SafeFileHandle? wake)
    {
        wake = null;
        return 0;
    }

    public int TryStart(Action body)
    {
        Threads++;
        return 0;
    }
}
