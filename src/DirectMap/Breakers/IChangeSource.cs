using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// What tells of changes of any number of files: an instance of fanotify or inotify. What it knows is under the witness's gate.
/// </summary>
internal interface IChangeSource : IDisposable
{
    ProtectionEngine Engine { get; }

    /// <summary>What becomes readable when there is something to be told.</summary>
    SafeFileHandle? Queue { get; }

    /// <summary>Begins to tell of a file. Called without the gate: a file system may be asked.</summary>
    /// <returns>0, or the error number.</returns>
    int TryAdd(WatchedFile file, SafeFileHandle description);

    /// <summary>No longer tells of a file; what was told before waits in the queue. Called without the gate.</summary>
    void Remove(WatchedFile file, SafeFileHandle? description);

    /// <summary>Forgets a file that was removed. Under the gate, after the queue was emptied.</summary>
    void Forget(WatchedFile file);

    /// <summary>Empties the queue, and has each file judge what it reads. Under the gate.</summary>
    /// <returns>What has become of the queue.</returns>
    Drained Drain(FoundTrespasses found);

    /// <summary>The files that it tells of. Under the gate.</summary>
    WatchedFile[] Files();
}
