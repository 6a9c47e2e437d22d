using System.Runtime.InteropServices;
using DirectMap.Logs;
using DirectMap.Regions;

namespace DirectMap.Tests.Logs;

/// <summary>A long memory with holes, which counts what is read of it.</summary>
internal sealed class SparseMemory(long length)
{
    private const int PageSize = 4096;

    private readonly Dictionary<long, byte[]> _pages = [];

    internal long Length { get; } = length;

    /// <summary>How many bytes were loaded.</summary>
    internal long Loaded { get; private set; }

    /// <summary>The end of what was loaded last in the memory.</summary>
    internal long LoadedTo { get; private set; }

    internal CountedMemory Log => new(this);

    internal void Forget() => (Loaded, LoadedTo) = (0, 0);

    internal void Load(long offset, Span<byte> destination)
    {
        Loaded += destination.Length;
        LoadedTo = Math.Max(LoadedTo, offset + destination.Length);
        for (int done = 0, part; done < destination.Length; done += part)
        {
            int within = (int)((offset + done) % PageSize);
            part = Math.Min(destination.Length - done, PageSize - within);
            Span<byte> piece = destination.Slice(done, part);
            if (_pages.TryGetValue((offset + done) / PageSize, out byte[]? page))
            {
                page.AsSpan(within, part).CopyTo(piece);
            }
            else
            {
                piece.Clear();
            }
        }
    }

    internal void Store(long offset, ReadOnlySpan<byte> source)
    {
        for (int done = 0, part; done < source.Length; done += part)
        {
            int within = (int)((offset + done) % PageSize);
            part = Math.Min(source.Length - done, PageSize - within);
            ref byte[]? page = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, (offset + done) / PageSize, out _);
            source.Slice(done, part).CopyTo((page ??= new byte[PageSize]).AsSpan(within));
        }
    }

    internal bool IsZero() => _pages.Values.All(page => !page.AsSpan().ContainsAnyExcept((byte)0));
}

/// <summary>The memory of a log, as its type argument.</summary>
internal readonly struct CountedMemory(SparseMemory memory) : ILogMemory
{
    public long Length => memory.Length;

    public bool IsPersistQuick => true;

    public ulong Load(long offset)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        memory.Load(offset, word);
        return BitConverter.ToUInt64(word);
    }

    public void Load(long offset, Span<byte> destination) => memory.Load(offset, destination);

    public void Store(long offset, ulong word) => memory.Store(offset, BitConverter.GetBytes(word));

    public void Store(long offset, ReadOnlySpan<byte> source) => memory.Store(offset, source);

    public void Persist(long offset, long length)
    {
    }

    public bool IsZero() => memory.IsZero();

    public SharedWord? OpenBeat() => null;
}
