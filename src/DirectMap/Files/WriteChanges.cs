using DirectMap.Layout;

namespace DirectMap.Files;

/// <summary>Writes of memory, of one buffer or of several, ready to be made.</summary>
internal static class WriteChanges
{
    internal static LayoutChange Of(ReadOnlyMemory<byte> data, long offset)
    {
        FileRange range = FileRanges.Of(offset, data.Length);
        return new(LayoutOperation.Write, range, "pwrite", file => AliasedBuffers.TryWrite(file, data.Span, offset))
        {
            GrowsTo = LengthAfter(range)
        };
    }

    internal static LayoutChange Of(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        ReadOnlyMemory<byte>[] all = [.. buffers];
        FileRange range = FileRanges.Of(offset, all.Sum(buffer => (long)buffer.Length));
        return new(LayoutOperation.Write, range, "pwritev", file => AliasedBuffers.TryWrite(file, all, offset))
        {
            GrowsTo = LengthAfter(range)
        };
    }

    /// <summary>To write nothing grows nothing, wherever it is.</summary>
    internal static long LengthAfter(FileRange range) => range.Length == 0 ? 0 : range.End;
}
