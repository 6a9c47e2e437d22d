using System.IO.Pipelines;
using DirectMap.Mapping;
using DirectMap.Pipelines;

namespace DirectMap;

/// <content>Readers and writers of System.IO.Pipelines.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>
    /// Reads a part of the region, of any length, through a <see cref="PipeReader"/>, without a copy: the buffers are the region's memory.
    /// It never waits, and has all bytes from the beginning; <see cref="ReadResult.IsCompleted"/> comes with the last of them. A fault, a
    /// revocation or the disposal of the region is told by the call that follows: the span of a segment,
    /// <see cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>, the next read, or <see cref="PipeReader.Complete"/> of a
    /// buffer that was not advanced. What was read since the call before is not to be believed then, and nothing was consumed.
    /// <para>Completing the reader leaves the region as it is. <see cref="PipeReader.CancelPendingRead"/> is safe for any thread; of the
    /// others one at a time.</para>
    /// </summary>
    /// <param name="offset">First byte; 0 to <see cref="Length"/>.</param>
    /// <param name="length">Length in bytes, 0 or more; null for everything up to the end.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The reader. It keeps the region from being collected, not from being disposed or revoked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region, or
    /// <see cref="RegionReaderOptions.BufferSize"/> is less than 1.</exception>
    public PipeReader CreateReader(long offset = 0, long? length = null, RegionReaderOptions? options = null)
    {
        options ??= RegionReaderOptions.Default;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BufferSize, 1, nameof(RegionReaderOptions.BufferSize));
        return new RegionPipeReader(this, offset, EndOf(offset, length), options);
    }

    /// <summary>
    /// Writes a part of the region through a <see cref="PipeWriter"/>: its memory is the region's, and its flush is
    /// <see cref="PersistAsync(long, long, CancellationToken)"/> of what was advanced (with a granularity smaller than a page it is done
    /// when the call returns). When the region is revoked the writer ends with it; <see cref="DirectFile.CreateWriter"/> makes one that
    /// lets go and goes on.
    /// </summary>
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
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BufferSize, 1, nameof(RegionWriterOptions.BufferSize));
        long end = EndOf(offset, length);
        ThrowIfReadOnly();
        return new RegionPipeWriter(this, offset, end, options);
    }

    /// <summary>What accesses that begin now look at when they have been made: see <see cref="Confirm"/>.</summary>
    internal nint CurrentWord => Volatile.Read(ref _word);

    /// <summary>Whether memory that was handed out keeps the mapping from being taken away, and so has to be given back soon.</summary>
    internal bool IsHeldByMemory => _core.Mapping.IsCooperative;

    /// <summary>
    /// The fault that made the kernel refuse to read some bytes (EFAULT), of which it tells the caller of the system call only; null where
    /// the kernel has them.
    /// </summary>
    internal MappingFaultException? FindUnreadable(long offset, long length)
    {
        long page = Environment.SystemPageSize;
        if (_core.Mapping.IsCooperative || _core.Mapping.State > RegionWord.Releasing)
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
