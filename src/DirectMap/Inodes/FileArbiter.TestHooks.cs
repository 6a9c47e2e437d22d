namespace DirectMap.Inodes;

/// <content>For tests only: who is told of changes, and who waits for them.</content>
internal sealed partial class FileArbiter
{
    internal IReadOnlyCollection<WeakReference<OutsideNotifier>> Tellers => _notifiers;

    internal int Waiters => _waiters.Count;
}
