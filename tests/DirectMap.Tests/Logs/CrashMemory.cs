using System.Runtime.InteropServices;
using DirectMap.Logs;
using DirectMap.Regions;

namespace DirectMap.Tests.Logs;

/// <summary>How the persists of a memory are broken on purpose: each a mistake that one can make in code for persistent memory.</summary>
internal enum Breakage
{
    None,

    /// <summary>It returns at once.</summary>
    NoPersist,

    /// <summary>The fence comes before the flushes, so nobody waits for them.</summary>
    FenceFirst,

    /// <summary>Only what holds the first byte of the range is flushed.</summary>
    FirstUnitOnly,

    /// <summary>All but what holds the last byte of the range is flushed, as where a length is rounded down.</summary>
    AllButTheLastUnit,
}

/// <summary>What happened to a word, or to a unit.</summary>
internal readonly record struct MemoryEvent(MemoryEvent.What Kind, int Index, ulong Value)
{
    internal enum What
    {
        Store,
        Flush,
        Fence,
    }
}

/// <summary>
/// Memory that remembers each store, flush and fence in order, so that a test can make from it what a crash may leave: see
/// <see cref="CrashStates"/>. The words of one copy are remembered in any order: a vector may arrive in several steps.
/// </summary>
/// <param name="content">The words before; changed by what is stored.</param>
/// <param name="unit">Bytes that are flushed together: a cache line, or a sector.</param>
/// <param name="seed">For the order of the words.</param>
/// <param name="remembers">Whether anybody asks for the events.</param>
internal sealed class CrashMemory(ulong[] content, int unit = 64, int seed = 0, bool remembers = true)
{
    private readonly Random? _random = remembers ? new(seed) : null;
    private int _isBusy;

    internal ulong[] Content { get; } = content;

    /// <summary>The words before the first event.</summary>
    internal ulong[] Before { get; } = remembers ? (ulong[])content.Clone() : content;

    internal int WordsOfUnit { get; } = unit / sizeof(ulong);

    internal List<MemoryEvent> Events { get; } = [];

    /// <summary>How persists are broken from now on.</summary>
    internal Breakage Breakage { get; set; }

    /// <summary>What persists wait for before they are made.</summary>
    internal Task Parked { get; set; } = Task.CompletedTask;

    /// <summary>Done when a persist has begun; to be renewed.</summary>
    internal TaskCompletionSource PersistBegun { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many more stores and persists go well; then each throws.</summary>
    internal int CallsLeft { get; set; } = int.MaxValue;

    /// <summary>How often somebody stored or persisted while another one did.</summary>
    internal int Overlaps { get; private set; }

    internal RecordedMemory Log => new(this);

    internal void Store(long offset, ulong word)
    {
        Assert.Equal(0, offset % sizeof(ulong));
        Count();
        Enter();
        Store((int)(offset / sizeof(ulong)), word);
        Leave();
    }

    internal void Store(long offset, ReadOnlySpan<byte> source)
    {
        Count();
        if (source.IsEmpty)
        {
            return;
        }

        if (_random is null)
        {
            source.CopyTo(MemoryMarshal.AsBytes(Content.AsSpan())[(int)offset..]);
            return;
        }

        Enter();
        int first = (int)(offset / sizeof(ulong)), last = (int)((offset + source.Length - 1) / sizeof(ulong));
        ulong[] after = Content[first..(last + 1)];
        source.CopyTo(MemoryMarshal.AsBytes(after.AsSpan())[(int)(offset % sizeof(ulong))..]);
        int[] order = [.. Enumerable.Range(0, after.Length)];
        _random.Shuffle(order);
        foreach (int i in order)
        {
            Store(first + i, after[i]);
        }

        Leave();
    }

    internal void Persist(long offset, long length)
    {
        Count();
        if (Breakage == Breakage.NoPersist || !remembers)
        {
            return;
        }

        Enter();
        if (Breakage == Breakage.FenceFirst)
        {
            Events.Add(new MemoryEvent(MemoryEvent.What.Fence, 0, 0));
        }

        int first = (int)(offset / unit), last = (int)((offset + length - 1) / unit);
        for (int i = first; i <= last; i++)
        {
            if (Breakage is Breakage.None or Breakage.FenceFirst || (Breakage == Breakage.FirstUnitOnly && i == first)
                || (Breakage == Breakage.AllButTheLastUnit && i < last))
            {
                Events.Add(new MemoryEvent(MemoryEvent.What.Flush, i, 0));
            }
        }

        if (Breakage != Breakage.FenceFirst)
        {
            Events.Add(new MemoryEvent(MemoryEvent.What.Fence, 0, 0));
        }

        Leave();
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _isBusy, 1) == 1)
        {
            Overlaps++;
        }
    }

    private void Leave() => Volatile.Write(ref _isBusy, 0);

    private void Count()
    {
        if (CallsLeft-- <= 0)
        {
            CallsLeft = 0;
            throw new IOException("no more calls go well");
        }
    }

    private void Store(int index, ulong word)
    {
        Content[index] = word;
        if (!remembers)
        {
            return;
        }

        Events.Add(new MemoryEvent(MemoryEvent.What.Store, index, word));
    }
}

/// <summary>The memory of a log, as its type argument.</summary>
internal readonly struct RecordedMemory(CrashMemory memory) : ILogMemory
{
    public long Length => memory.Content.Length * (long)sizeof(ulong);

    public ulong Load(long offset) => memory.Content[offset / sizeof(ulong)];

    public void Load(long offset, Span<byte> destination) =>
        MemoryMarshal.AsBytes(memory.Content.AsSpan()).Slice((int)offset, destination.Length).CopyTo(destination);

    public void Store(long offset, ulong word) => memory.Store(offset, word);

    public void Store(long offset, ReadOnlySpan<byte> source) => memory.Store(offset, source);

    public void Persist(long offset, long length)
    {
        memory.PersistBegun.TrySetResult();
        memory.Parked.GetAwaiter().GetResult();
        memory.Persist(offset, length);
    }

    public bool IsPersistQuick => false;

    public bool IsZero() => !memory.Content.AsSpan().ContainsAnyExcept(0UL);

    public SharedWord? OpenBeat() => null;
}
