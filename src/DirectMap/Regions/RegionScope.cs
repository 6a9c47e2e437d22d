using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using DirectMap.Mapping;

namespace DirectMap;

/// <summary>A stretch of code that works on a part of a region through a span, at the speed of memory.</summary>
/// <remarks>
/// It does not keep the mapping from being revoked or disposed: what is written then goes nowhere, and <see cref="Complete"/> says so. It
/// does make <see cref="MappedRegion.ReleaseAsync"/> wait, and keeps the region from being collected.
/// <para>It stays on its thread. The compiler keeps its span within the lifetime of the variable that holds the scope: with <c>using</c>
/// that is the scope's own. After a manual <see cref="Dispose"/> the span must not be used any more: nothing keeps the memory behind
/// it.</para>
/// </remarks>
public ref partial struct RegionScope : IDisposable
{
    private readonly MappedRegion? _region;
    private readonly ScopeSlot? _slot;
    private readonly long _number; // negative when the region's journal has it
    private readonly long _offset;
    private readonly nint _word; // the region's, when the scope was opened
    private readonly int _length;

    internal RegionScope(MappedRegion region, nint word, ScopeSlot slot, long number, long offset, int length)
    {
        AssertIsOpen(region, slot, number, offset, length);
        _word = word;
        _region = region;
        _slot = slot;
        _number = number;
        _offset = offset;
        _length = length;
    }

    /// <summary>The bytes, for reading and writing.</summary>
    /// <exception cref="NotSupportedException">The region is read-only; use <see cref="ReadOnlySpan"/>.</exception>
    /// <exception cref="ObjectDisposedException">The scope was disposed.</exception>
    [UnscopedRef]
    public readonly Span<byte> Span
    {
        get
        {
            MappedRegion region = OpenRegion();
            region.BeginStores(_offset);
            return region.SpanOf(_offset, _length);
        }
    }

    /// <summary>The bytes, for reading.</summary>
    /// <exception cref="ObjectDisposedException">The scope was disposed.</exception>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> ReadOnlySpan => OpenRegion().SpanOf(_offset, _length);

    /// <summary>Confirms that everything read and written in the scope so far was the file's.</summary>
    /// <remarks>Call it after the last access; it may be called more than once.</remarks>
    /// <exception cref="MappingFaultException">Some or all of it was not: the mapping was revoked meanwhile, or the kernel could not
    /// provide a page (<see cref="MappingFaultException.Lost"/>).</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed meanwhile, or the scope was.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Complete()
    {
        if (_slot is not null && _slot.IsOpen(_number))
        {
            _region!.Confirm(_word, _offset, _length, FaultAccess.Scope);
        }
        else
        {
            CompleteDiagnosed(_region, _slot, _word, _number, _offset, _length);
        }
    }

    /// <summary>Ends the scope; never throws.</summary>
    /// <remarks>Without <see cref="Complete"/> nothing is known of what was done in it. The span must not be used afterwards.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Dispose()
    {
        if (_slot is not null)
        {
            if (_slot.Close(_number))
            {
                _region!.SignalIfReleasing(_word);
            }
            else
            {
                DisposeDiagnosed(_region!, _slot, _word, _number);
            }
        }
    }

    // The slow parts take the fields and not the scope: its address, once taken, would keep the fields out of registers in the caller.

    /// <summary>The scope is in the region's journal, or is not open.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CompleteDiagnosed(MappedRegion? region, ScopeSlot? slot, nint word, long number, long offset, int length)
    {
        ThrowIfClosed(slot, number);
        region!.Core.Journal!.Completed(slot, -number);
        region.Confirm(word, offset, length, FaultAccess.Scope);
    }

    /// <summary>The scope is in the region's journal, or was closed before.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DisposeDiagnosed(MappedRegion region, ScopeSlot slot, nint word, long number)
    {
        if (number < 0 && slot.Close(-number))
        {
            region.Core.Journal!.Closed(slot, -number);
            region.SignalIfReleasing(word);
        }
    }

    /// <summary>The number is not that of a scope that is open, but it may be that of one in the journal.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowIfClosed([NotNull] ScopeSlot? slot, long number) =>
        ObjectDisposedException.ThrowIf(slot is null || !slot.IsOpen(-number), typeof(RegionScope));

    private readonly MappedRegion OpenRegion()
    {
        if (_slot is null || !_slot.IsOpen(_number))
        {
            ThrowIfClosed(_slot, _number);
        }

        return _region!;
    }
}
