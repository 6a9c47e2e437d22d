namespace DirectMap.Inodes;

/// <content>For tests only: whether all inodes are let go.</content>
internal static partial class InodeTable
{
    /// <summary>Whether a failure is kept for whoever opens an inode next.</summary>
    internal static bool RemembersFailureOf(FileId id)
    {
        using (s_gate.Enter())
        {
            return s_failed.Contains(id);
        }
    }

    /// <summary>How many inodes are open.</summary>
    internal static int Count
    {
        get
        {
            using (s_gate.Enter())
            {
                return s_inodes.Count;
            }
        }
    }
}
