namespace DirectMap.Inodes;

/// <summary>
/// A reference to an inode for as long as something is done to it: nobody closes it meanwhile, lets its parties go, or opens it anew. It is
/// no object, as an operation has one. It keeps the shared descriptions open, and none that is not shared.
/// </summary>
/// <param name="inode">Has one reference for this; null for none.</param>
internal readonly struct KeptInode(Inode? inode) : IDisposable
{
    public void Dispose()
    {
        if (inode is not null)
        {
            InodeTable.Release(inode);
        }
    }
}
