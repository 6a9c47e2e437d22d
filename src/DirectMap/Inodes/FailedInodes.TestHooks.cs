namespace DirectMap.Inodes;

/// <content>For tests only: what is kept.</content>
internal sealed partial class FailedInodes
{
    /// <summary>How many there are.</summary>
    internal int Count => _failed.Count;

    /// <summary>Whether something is known of an inode.</summary>
    internal bool Contains(FileId id) => _failed.ContainsKey(NumberOf(id));
}
