using System.Buffers;
using System.Runtime.InteropServices;
using DirectMap.Regions;

namespace DirectMap;

/// <summary>A part of a region as memory, without a copy.</summary>
/// <remarks>
/// While it is reachable the address range stays mapped, so using it after the region was disposed or revoked is an exception, never a
/// crash; but a span of it keeps nothing alive: keep this object as long as one is in use. It is safe for any thread.
/// <para>A fault, a revocation or the disposal of the region is reported by the next use of <see cref="MemoryManager{T}.Memory"/> that goes
/// through this object (<c>memory.Span</c>, <c>memory.Pin()</c>), and by <see cref="Complete"/>. Loads and stores through a span that was
/// taken before tell nothing: call <see cref="Complete"/> before believing what was read, or that what was written is the file's.</para>
/// </remarks>
public sealed unsafe class RegionMemory : MemoryManager<byte>
{
    private readonly MappedRegion _region;
    private readonly nint _word; // the region's, when the memory was handed out
    private readonly IDisposable? _hold;
    private readonly long _offset;
    private readonly int _length;
    private volatile bool _isDisposed;

    internal RegionMemory(MappedRegion region, long offset, int length)
    {
        _region = region;
        _offset = offset;
        _length = length;
        _word = region.BeginMemory(offset, length, out _hold);
    }

    /// <summary>The bytes, for reading and writing.</summary>
    /// <exception cref="NotSupportedException">The region is read-only; use <see cref="ReadOnlyMemory"/>.</exception>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public override Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _region.BeginStores(_offset);
            return CreateMemory(_length);
        }
    }

    /// <summary>The bytes, for reading.</summary>
    /// <exception cref="ObjectDisposedException">This object was disposed.</exception>
    public ReadOnlyMemory<byte> ReadOnlyMemory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return CreateMemory(_length);
        }
    }

    /// <summary>Confirms that everything that was read and written through the memory so far was the file's.</summary>
    /// <exception cref="MappingFaultException">Some or all of it was not: the mapping was revoked meanwhile, or the kernel could not
    /// provide a page (<see cref="MappingFaultException.Lost"/>).</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed meanwhile, or this object was.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _region.Confirm(_word, _offset, _length, FaultAccess.Memory);
    }

    /// <summary>The bytes, for <see cref="Memory{T}.Span"/>.</summary>
    /// <remarks>Nothing keeps them but this object.</remarks>
    /// <returns>The bytes of the region.</returns>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page that is in it.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, or this object was.</exception>
    public override Span<byte> GetSpan()
    {
        Complete();
        return _region.SpanOf(_offset, _length);
    }

    /// <summary>The address of a byte, which does not move anyway.</summary>
    /// <remarks>Kernel I/O that is under way at such an address is not stopped by a revocation.</remarks>
    /// <param name="elementIndex">Which byte; 0 to the length in bytes.</param>
    /// <returns>A handle that keeps this object alive until it is disposed.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="elementIndex"/> is negative or beyond the end.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide a page that is in it.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, or this object was.</exception>
    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, _length);
        Complete();

        // Alive: as long as the GC handle, which the MemoryHandle frees, also when nothing else refers to this object.
        return new MemoryHandle(_region.AddressOf(_offset + elementIndex), GCHandle.Alloc(this), this);
    }

    /// <summary>Does nothing: the bytes do not move.</summary>
    public override void Unpin()
    {
    }

    /// <summary>Ends the use of the memory. What was handed out throws from now on; spans of it must not be used any more.</summary>
    /// <param name="disposing">Whether it was asked for.</param>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _hold?.Dispose();
    }
}
