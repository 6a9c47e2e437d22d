using System.Buffers;

namespace DirectMap;

/// <summary>A part of a region, of any length, as a sequence of memory, without a copy.</summary>
/// <remarks>
/// What is said of <see cref="RegionMemory"/> holds for it: a fault, a revocation or the disposal of the region is reported by the next use
/// of the sequence that goes through the library, which is the span of a segment, and by <see cref="Complete"/>. Keep this object as long
/// as the sequence, or spans of it, are in use. It is safe for any thread.
/// </remarks>
public sealed class RegionSequence : IDisposable
{
    /// <summary>A segment is memory, whose length is an int; whole pages, so that only the last one is not.</summary>
    internal const int MaxSegmentLength = 1 << 30;

    private readonly RegionMemory[] _parts;
    private readonly ReadOnlySequence<byte> _sequence;
    private volatile bool _isDisposed;

    internal RegionSequence(MappedRegion region, long offset, long length, int maxSegmentLength = MaxSegmentLength)
    {
        _parts = new RegionMemory[Math.Max(1, (length + maxSegmentLength - 1) / maxSegmentLength)];
        Segment? first = null;
        Segment? last = null;
        try
        {
            for (int i = 0; i < _parts.Length; i++)
            {
                long start = (long)i * maxSegmentLength;
                _parts[i] = new RegionMemory(region, offset + start, (int)Math.Min(length - start, maxSegmentLength));
                last = new Segment(_parts[i].ReadOnlyMemory, start, last);
                first ??= last;
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        _sequence = new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    /// <summary>The bytes.</summary>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public ReadOnlySequence<byte> Sequence
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _sequence;
        }
    }

    /// <summary>How many bytes lie before a position; null when it is none of this sequence's. Also after it was disposed.</summary>
    internal long? TryGetOffset(SequencePosition position)
    {
        for (ReadOnlySequenceSegment<byte>? segment = (Segment)_sequence.Start.GetObject()!; segment is not null; segment = segment.Next)
        {
            if (ReferenceEquals(segment, position.GetObject()) && (uint)position.GetInteger() <= (uint)segment.Memory.Length)
            {
                return segment.RunningIndex + position.GetInteger();
            }
        }

        return null;
    }

    /// <summary>Confirms that everything that was read through the sequence so far was the file's.</summary>
    /// <exception cref="MappingFaultException">Some or all of it was not: the mapping was revoked meanwhile, or the kernel could not
    /// provide a page (<see cref="MappingFaultException.Lost"/>).</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed meanwhile, or this object was.</exception>
    public void Complete()
    {
        foreach (RegionMemory part in _parts)
        {
            part.Complete();
        }
    }

    /// <summary>Ends the use of the sequence.</summary>
    /// <remarks>Its segments throw from now on; spans of it must not be used any more.</remarks>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (RegionMemory? part in _parts)
        {
            ((IDisposable?)part)?.Dispose();
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, long runningIndex, Segment? previous)
        {
            Memory = memory;
            RunningIndex = runningIndex;
            if (previous is not null)
            {
                previous.Next = this;
            }
        }
    }
}
