using DirectMap.Mapping;

namespace DirectMap;

/// <content>Memory and sequences, for code that keeps bytes over an await or asks for System.Buffers' types.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>A part of the region as <see cref="Memory{T}"/>.</summary>
    /// <remarks>
    /// What happens to the mapping is reported at the next call on the memory that goes through the library (<c>Span</c>, <c>Pin</c>), and
    /// by <see cref="RegionMemory.Complete"/>; a span that was taken before reports nothing. Unlike a scope it is not waited for by
    /// <see cref="ReleaseAsync"/>.
    /// </remarks>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <returns>The owner of the memory. Keep it as long as spans of the memory are in use, which keep nothing alive,
    /// and dispose it then.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or a page was lost before. With <see cref="PolicyCheck.AtAccess"/>
    /// also: the bytes were refused (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, or is being released.</exception>
    public RegionMemory GetMemory(long offset, int length)
    {
        CheckAccess(offset, length, FaultAccess.Memory);
        return new RegionMemory(this, offset, length);
    }

    /// <summary>A part of the region, of any length, as <see cref="System.Buffers.ReadOnlySequence{T}"/>, without a copy.</summary>
    /// <remarks>
    /// What happens to the mapping is reported at the next call on the sequence that goes through the library (the span of a segment), and
    /// by <see cref="RegionSequence.Complete"/>.
    /// </remarks>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <returns>The owner of the sequence. Keep it, and dispose it, as long as the sequence is in use.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or a page was lost before. With <see cref="PolicyCheck.AtAccess"/>
    /// also: the bytes were refused (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, or is being released.</exception>
    public RegionSequence GetSequence(long offset, long length)
    {
        CheckAccess(offset, length, FaultAccess.Read);
        return new RegionSequence(this, offset, length);
    }

    /// <summary>Begins a stretch of accesses that no scope covers. Returns the word to be looked at.</summary>
    internal nint BeginMemory(long offset, long length, out IDisposable? hold)
    {
        nint word = Volatile.Read(ref _word);
        hold = _core.HoldForMemory();
        try
        {
            if (_core.Mapping.Life != MappingLife.Active)
            {
                throw _core.Fault(new FileRange(FileOffset + offset, length), FaultAccess.Memory, isMade: false);
            }

            Confirm(word, offset, length, FaultAccess.Memory);
            return word;
        }
        catch
        {
            hold?.Dispose();
            throw;
        }
    }
}
