using DirectMap.Layout;

namespace DirectMap.Files;

/// <summary>Writes of memory, of one buffer or of several, ready to be made.</summary>
internal static class WriteChanges
{
    internal static LayoutChange Of(ReadOnlyMemory<byte> buffer, long fileOffset)
    {
        FileRange range = FileRanges.Of(fileOffset, buffer.Length);
        return new(LayoutOperation.Write, range, "pwrite", file => AliasedBuffers.TryWrite(file, buffer.Span, fileOffset))
        {
            GrowsTo = LengthAfter(range)
        };
    }

    internal static LayoutChange Of(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long fileOffset)
    {
        ReadOnlyMemory<byte>[] all = [.. buffers];
        FileRange range = FileRanges.Of(fileOffset, all.Sum(buffer => (long)buffer.Length));
        return new(LayoutOperation.Write, range, "pwritev", file => AliasedBuffers.TryWrite(file, all, fileOffset))
        {
            GrowsTo = LengthAfter(range)
        };
    }

    /// <summary>To write nothing grows nothing, wherever it is.</summary>
    internal static long LengthAfter(FileRange range) => range.Length == 0 ? 0 : range.End;
}
