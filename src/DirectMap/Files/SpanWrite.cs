using DirectMap.Inodes;
using DirectMap.Layout;

namespace DirectMap.Files;

/// <summary>The write of a span, ready to be made.</summary>
internal readonly ref struct SpanWrite(ReadOnlySpan<byte> buffer, long fileOffset) : ILayoutChange
{
    private readonly ReadOnlySpan<byte> _buffer = buffer;

    public LayoutOperation Operation => LayoutOperation.Write;

    public FileRange Range { get; } = FileRanges.Of(fileOffset, buffer.Length);

    public string Call => "pwrite";

    public bool TakesBlocksAway => false;

    public LayoutSource? Source => null;

    public long GrowsTo => WriteChanges.LengthAfter(Range);

    public long ReachesTo => GrowsTo;

    public int Apply(OpenedFile file) => AliasedBuffers.TryWrite(file, _buffer, Range.Offset);
}
