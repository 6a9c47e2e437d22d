using System.Diagnostics.CodeAnalysis;
using DirectMap.Mapping;

namespace DirectMap;

/// <summary>
/// A stretch of code that works on a part of a region through a span, at the speed of memory. It does not keep the mapping from being revoked or disposed: what is written
/// then goes nowhere, and <see cref="Complete"/> says so. It does make <see cref="MappedRegion.ReleaseAsync"/> wait, and keeps the region from being collected.
/// <para>
/// It stays on its thread. The compiler keeps its span within the lifetime of the variable that holds the scope: with <c>using</c> that is the scope's own. After a manual
/// <see cref="Dispose"/> the span must not be used any more: nothing keeps the memory behind it.
/// </para>
/// </summary>
public ref struct RegionScope : IDisposable
{
    private readonly MappedRegion? _region;
    private readonly ScopeSlots? _slots;
    private readonly long _number; // negative when the region's journal has it
    private readonly long _offset;
    private readonly nint _word; // the region's, when the scope was opened
    private readonly int _slot;
    private readonly int _length;

    internal RegionScope(MappedRegion region, nint word, ScopeSlots slots, int slot, long number, long offset, int length)
    {
        _word = word;
        _region = region;
        _slots = slots;
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
            region.ThrowIfNotWritable();
            return region.SpanOf(_offset, _length);
        }
    }

    /// <summary>The bytes, for reading.</summary>
    /// <exception cref="ObjectDisposedException">The scope was disposed.</exception>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> ReadOnlySpan => OpenRegion().SpanOf(_offset, _length);

    /// <summary>
    /// Confirms that everything read and written in the scope so far was the file's. Call it after the last access; it may be called more than once.
    /// </summary>
    /// <exception cref="MappingFaultException">Some or all of it was not: the mapping was revoked meanwhile, or the kernel could not provide a page (<see cref="MappingFaultException.Lost"/>).</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed meanwhile, or the scope was.</exception>
    public readonly void Complete()
    {
        if (_slots is not null && _slots.IsOpen(_slot, _number))
        {
            _region!.Confirm(_word, _offset, _length, FaultAccess.Scope);
        }
        else
        {
            CompleteDiagnosed();
        }
    }

    /// <summary>
    /// Ends the scope; never throws. Without <see cref="Complete"/> nothing is known of what was done in it. The span must not be used afterwards.
    /// </summary>
    public readonly void Dispose()
    {
        if (_slots is null)
        {
            return;
        }

        if (_slots.Close(_slot, _number))
        {
            _region!.SignalIfReleasing(_word);
        }
        else if (_number < 0 && _slots.Close(_slot, -_number))
        {
            _region!.Core.Journal!.Closed(_slots, -_number);
            _region.SignalIfReleasing(_word);
        }
    }

    /// <summary>The scope is in the region's journal, or is not open.</summary>
    private readonly void CompleteDiagnosed()
    {
        MappedRegion region = OpenRegion();
        region.Core.Journal!.Completed(_slots!, -_number);
        region.Confirm(_word, _offset, _length, FaultAccess.Scope);
    }

    private readonly MappedRegion OpenRegion()
    {
        if (_slots is null || !_slots.IsOpen(_slot, _number))
        {
            ObjectDisposedException.ThrowIf(_slots is null || !_slots.IsOpen(_slot, -_number), typeof(RegionScope)); // a diagnosed one, or none
        }

        return _region!;
    }
}
