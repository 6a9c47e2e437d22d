using System.Diagnostics;

namespace DirectMap.Pipelines;

/// <summary>
/// The memory of one region that a writer hands out. Invariant: what was stored since the last flush began, up to the end of what was
/// handed out, is judged by one word of the region's, taken before the first of these stores. When the region has another word (its lost
/// pages came back), they are judged by the former one before that is forgotten.
/// </summary>
internal sealed class WriteWindow(MappedRegion region, long bufferSize)
{
    private RegionMemory? _chunk;
    private long _chunkStart;
    private long _chunkEnd;
    private nint _word = region.CurrentWord;
    private bool _isDirty; // something may have been stored since the last flush

    internal MappedRegion Region => region;

    /// <summary>Memory for bytes that come after the unflushed ones.</summary>
    /// <param name="flushed">Up to where nothing is to be judged any more.</param>
    /// <param name="position">Where the memory begins.</param>
    /// <param name="size">How much is needed.</param>
    /// <param name="end">Up to where there is any.</param>
    internal Memory<byte> Memory(long flushed, long position, int size, long end)
    {
        Reach(flushed, position, size, end);
        return _chunk!.Memory[(int)(position - _chunkStart)..];
    }

    /// <inheritdoc cref="Memory"/>
    internal Span<byte> Span(long flushed, long position, int size, long end)
    {
        Reach(flushed, position, size, end);
        Confirm(position, _chunkEnd - position);
        return region.SpanOf(position, (int)(_chunkEnd - position));
    }

    /// <summary>Stores bytes.</summary>
    internal void Store(long flushed, long position, ReadOnlySpan<byte> source)
    {
        FollowWord(flushed, position);
        region.CopyFrom(position, source);
        _isDirty = true;
    }

    /// <summary>Whether what was stored reached the file.</summary>
    internal void Confirm(long position, long length) => region.Confirm(_word, position, length, FaultAccess.Memory);

    /// <summary>All that was stored was flushed, and nothing is handed out any more.</summary>
    internal void EndRecord()
    {
        _isDirty = false;
        if (region.IsHeldByMemory)
        {
            Drop();
        }
    }

    /// <summary>Memory that was handed out throws from now on.</summary>
    internal void Drop()
    {
        ((IDisposable?)_chunk)?.Dispose();
        _chunk = null;
        _chunkEnd = 0;
    }

    private void Reach(long flushed, long position, int size, long end)
    {
        FollowWord(flushed, position);
        if (_chunkEnd - position < size)
        {
            Drop();
            int length = (int)Math.Min(end - position, Math.Max(size, Math.Min(bufferSize, int.MaxValue)));
            _chunk = region.GetMemory(position, length);
            region.BeginStores(position);
            (_chunkStart, _chunkEnd) = (position, position + length);
        }

        Debug.Assert(_chunkStart <= position && position + size <= _chunkEnd && _chunkEnd <= end, "what is handed out is not in hand");
        _isDirty = true;
    }

    private void FollowWord(long flushed, long position)
    {
        nint word = region.CurrentWord;
        if (word != _word)
        {
            if (_isDirty)
            {
                Confirm(flushed, Math.Max(position, _chunkEnd) - flushed);
            }

            Drop(); // It would look at the former word.
            _word = word;
        }
    }
}
