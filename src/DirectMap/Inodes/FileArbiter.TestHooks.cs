namespace DirectMap.Inodes;

/// <content>For tests only: who is told of changes.</content>
internal sealed partial class FileArbiter
{
    internal IReadOnlyCollection<WeakReference<OutsideNotifier>> Tellers => _notifiers;
}
