namespace DirectMap.Inodes;

/// <content>For tests only: whether all inodes are let go.</content>
internal static partial class InodeTable
{
    /// <summary>How many inodes are open.</summary>
    internal static int Count
    {
        get
        {
            lock (s_gate)
            {
                return s_inodes.Count;
            }
        }
    }
}
