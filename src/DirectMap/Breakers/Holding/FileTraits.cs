namespace DirectMap.Breakers;

/// <summary>What a call's role depends on, of the file.</summary>
/// <param name="Inode">Its inode's number.</param>
/// <param name="SharesBlocks">Whether its file system may give a copy the file's own blocks.</param>
internal readonly record struct FileTraits(ulong Inode, bool SharesBlocks);
