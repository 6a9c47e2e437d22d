using DirectMap.Logs;
using DirectMap.Regions;

namespace DirectMap.Tests.Logs;

/// <summary>The memory of a log in which something comes between the load of a record's bytes and what is done next.</summary>
internal readonly struct InterruptedMemory(RecordedMemory memory, Action afterLoad, Action<long>? afterWord = null)
    : ILogMemory
{
    public long Length => memory.Length;

    public bool IsPersistQuick => memory.IsPersistQuick;

    public ulong Load(long offset)
    {
        ulong word = memory.Load(offset);
        afterWord?.Invoke(offset);
        return word;
    }

    public void Load(long offset, Span<byte> destination)
    {
        memory.Load(offset, destination);
        afterLoad();
    }

    public void Store(long offset, ulong word) => memory.Store(offset, word);

    public void Store(long offset, ReadOnlySpan<byte> source) => memory.Store(offset, source);

    public void Persist(long offset, long length) => memory.Persist(offset, length);

    public bool IsZero() => memory.IsZero();

    public SharedWord? OpenBeat() => null;
}
