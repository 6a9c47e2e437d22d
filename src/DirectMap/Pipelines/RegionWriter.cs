using System.IO.Pipelines;

namespace DirectMap;

/// <summary>A <see cref="PipeWriter"/> whose memory is a region's, and whose flush makes durable what was advanced.</summary>
/// <remarks>
/// Positions are in bytes from the region's first one, and never go back: what is durable, up to <see cref="DurablePosition"/>; what was
/// advanced, up to <see cref="Position"/>; what there is, up to <see cref="EndPosition"/>. Nothing says in the file how far it was written:
/// that is for its format.
/// <para>One call at a time, and none but <see cref="PipeWriter.CancelPendingFlush"/> while a flush is under way
/// (InvalidOperationException). CancelPendingFlush and the positions are safe for any thread.</para>
/// <para>Beside what <see cref="PipeWriter"/> says: up to the end every byte can be written. Where there is less up to there than GetMemory
/// or GetSpan are asked for, or nothing, they hand out ordinary memory, and Advance copies. Advance beyond the end, and WriteAsync of more
/// than there is room for, throw <see cref="RegionFullException"/> and write nothing. A flush that was cancelled leaves the bytes
/// unflushed. A flush that failed throws what <see cref="MappedRegion.Persist(long, long)"/> throws, moves nothing, and all that follows
/// throws the same: what was stored since <see cref="DurablePosition"/> may be lost, so it has to be written again, by a new writer that
/// begins there. Complete without an exception flushes first; with one it does not.</para>
/// </remarks>
public abstract class RegionWriter : PipeWriter
{
    private protected RegionWriter()
    {
    }

    /// <summary>
    /// Where the next byte goes, in bytes from the region's first one; 0 or more, <see cref="DurablePosition"/> to
    /// <see cref="EndPosition"/>.
    /// </summary>
    /// <remarks>What lies before was advanced, or was there when the writer was made.</remarks>
    public abstract long Position { get; }

    /// <summary>
    /// Up to where everything that was advanced is durable, in bytes from the region's first one; 0 or more, from where the writer began to
    /// <see cref="Position"/>.
    /// </summary>
    /// <remarks>Without <see cref="RegionWriterOptions.Durable"/> it stays where the writer began.</remarks>
    public abstract long DurablePosition { get; }

    /// <summary>Where the writer ends, in bytes from the region's first one; 0 or more, up to the region's length.</summary>
    public abstract long EndPosition { get; }
}
