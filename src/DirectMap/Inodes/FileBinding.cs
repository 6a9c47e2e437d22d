namespace DirectMap.Inodes;

/// <summary>What the first opener binds an inode to.</summary>
/// <param name="Coordinator">Who arbitrates; what others are compared by.</param>
/// <param name="Source">Where it comes from, in words, for the message that refuses another one.</param>
/// <param name="Parties">What makes the parties from outside that have a say in the inode's leases; null for none.</param>
internal readonly record struct FileBinding(ILeaseCoordinator Coordinator, object Source, IReadOnlyList<PartyMaker>? Parties = null);
