namespace DirectMap.Inodes;

/// <content>For tests only: who is told of changes.</content>
internal sealed partial class FileArbiter
{
    internal IReadOnlyList<WeakReference<ProtectionNotifier>> Tellers => _notifiers;
}
