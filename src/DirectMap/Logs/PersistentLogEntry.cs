namespace DirectMap;

/// <summary>A record that was read.</summary>
/// <param name="Sequence">Its number; 1 or more.</param>
/// <param name="Bytes">A copy of its bytes, whose checksum was right; the reader uses the memory again for the next one.</param>
public readonly record struct PersistentLogEntry(long Sequence, ReadOnlyMemory<byte> Bytes);
