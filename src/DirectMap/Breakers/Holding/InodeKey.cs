namespace DirectMap.Breakers;

/// <summary>An inode, while a mark keeps it: its number is nobody else's then.</summary>
internal readonly record struct InodeKey(ulong Device, ulong Inode);
