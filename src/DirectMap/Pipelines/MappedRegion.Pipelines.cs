using System.IO.Pipelines;
using DirectMap.Mapping;
using DirectMap.Pipelines;
using DirectMap.Regions;

namespace DirectMap;

/// <content>Readers and writers of System.IO.Pipelines, and streams.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// Reads a part of the region, of any length, through a <see cref="PipeReader"/>, without a copy: the buffers are the region's memory.
    /// </summary>
    /// <remarks>
    /// It never waits, and has all bytes from the beginning; <see cref="ReadResult.IsCompleted"/> comes with the last of them. A fault, a
    /// revocation or the disposal of the region is told by the call that follows: the span of a segment,
    /// <see cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>, the next read, or <see cref="PipeReader.Complete"/> of a
    /// buffer that was not advanced. What was read since the call before is not to be believed then, and nothing was consumed.
    /// <para>Completing the reader leaves the region as it is. <see cref="PipeReader.CancelPendingRead"/> is safe for any thread; of the
    /// others one at a time.</para>
    /// </remarks>
    /// <param name="offset">First byte; 0 to <see cref="Length"/>.</param>
    /// <param name="length">Length in bytes, 0 or more; null for everything up to the end.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The reader. It keeps the region from being collected, not from being disposed or revoked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or
    /// <see cref="RegionReaderOptions.BufferSize"/> is less than 1.</exception>
    public PipeReader CreateReader(long offset = 0, long? length = null, RegionReaderOptions? options = null)
    {
        options ??= RegionReaderOptions.Default;
        Arguments.ThrowIfLessThanOne(options.BufferSize, $"{nameof(RegionReaderOptions)}.{nameof(RegionReaderOptions.BufferSize)}");
        return new RegionPipeReader(this, offset, EndOf(offset, length), options);
    }

    /// <summary>
    /// Writes a part of the region through a <see cref="PipeWriter"/>: its memory is the region's, and its flush is
    /// <see cref="PersistAsync(long, long, CancellationToken)"/> of what was advanced (with a granularity smaller than a page it is done
    /// when the call returns).
    /// </summary>
    /// <remarks>
    /// When the region is revoked the writer ends with it; <see cref="DirectFile.CreateWriter"/> makes one that lets go and goes on.
    /// </remarks>
    /// <param name="offset">Where the first byte goes; 0 to <see cref="Length"/>.</param>
    /// <param name="length">How many bytes there are for it, 0 or more; null for everything up to the end.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The writer. Completing it leaves the region as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or
    /// <see cref="RegionWriterOptions.BufferSize"/> is less than 1.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    public RegionWriter CreateWriter(long offset = 0, long? length = null, RegionWriterOptions? options = null)
    {
        options ??= RegionWriterOptions.Default;
        Arguments.ThrowIfLessThanOne(options.BufferSize, $"{nameof(RegionWriterOptions)}.{nameof(RegionWriterOptions.BufferSize)}");
        long end = EndOf(offset, length);
        ThrowIfReadOnly();
        return new RegionPipeWriter(this, offset, end, options);
    }

    /// <summary>
    /// A part of the region as a stream of fixed length, for code that takes no other thing: what a MemoryMappedViewStream is to a view.
    /// </summary>
    /// <remarks>
    /// Reads, writes and copies are checked as <see cref="CopyTo"/> and <see cref="CopyFrom"/> are, and throw what they throw; so do reads
    /// at the end, which are 0 bytes only while the region is there. Calls that end with Async do all of it before they return, except
    /// <see cref="Stream.FlushAsync()"/>.
    /// <para>It is written where the region is. A write that does not fit throws NotSupportedException and writes nothing, as one to a
    /// MemoryStream over an array; so does <see cref="Stream.SetLength"/>.</para>
    /// <para><see cref="Stream.Flush"/> persists the bytes from the first to the last one that was written through this stream since its
    /// last flush, with those between (<see cref="Persist(long, long)"/>), and FlushAsync likewise
    /// (<see cref="PersistAsync(long, long, CancellationToken)"/>). Where nothing was written they do nothing. What a flush did not
    /// persist, because it failed or was cancelled, the next one has to.</para>
    /// <para>Dispose leaves the region as it is, and does not flush: nothing is buffered, so everybody who maps or reads the file sees what
    /// was written, and what is to be durable is flushed before, where it can throw. (A StreamWriter flushes the stream when it is
    /// disposed.) Like other streams it is for one thread at a time.</para>
    /// </remarks>
    /// <param name="offset">First byte; 0 to <see cref="Length"/>.</param>
    /// <param name="length">Length in bytes, 0 or more; null for everything up to the end.</param>
    /// <returns>The stream, at position 0. It keeps the region from being collected, not from being disposed or revoked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    public Stream GetStream(long offset = 0, long? length = null) => new RegionStream(this, offset, EndOf(offset, length));

    /// <summary>Whether memory that was handed out keeps the mapping from being taken away, and so has to be given back soon.</summary>
    internal bool IsHeldByMemory => _core.Mapping.IsCooperative;

    /// <summary>
    /// The fault that made the kernel refuse to read some bytes (EFAULT), of which it tells the caller of the system call only; null where
    /// the kernel has them.
    /// </summary>
    internal MappingFaultException? FindUnreadable(long offset, long length)
    {
        long page = Environment.SystemPageSize;
        if (_core.Mapping.IsCooperative || _core.Mapping.Life > MappingLife.Releasing)
        {
            return null;
        }

        long lost = _core.Mapping.FindUnreadable(offset / page, ((offset + length - 1) / page) + 1) * page;
        GC.KeepAlive(this);
        return lost < 0 ? null : _core.CopyFault(
            new FileRange(FileOffset + offset, length), new FileRange(FileOffset + lost, Math.Min(page, _length - lost)), FaultAccess.Read);
    }

    private long EndOf(long offset, long? length)
    {
        if (length is null && offset >= 0 && offset <= _length)
        {
            return _length;
        }

        ThrowIfOutside(offset, length ?? 0);
        return offset + length!.Value;
    }
}
