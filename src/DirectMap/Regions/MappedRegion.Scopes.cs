using System.Runtime.CompilerServices;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>Scopes.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Opens a scope over a part of the region, with a span to work on at full speed.</summary>
    /// <remarks>
    /// Call <see cref="RegionScope.Complete"/> at its end: it throws when what was done in the scope did not reach the file. Dispose it in
    /// any case, best with <c>using</c>: a scope that is never disposed keeps the mapping alive at least as long as its thread lives, and
    /// makes <see cref="ReleaseAsync"/> wait for its whole bound. It stays on its thread.
    /// </remarks>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more.</param>
    /// <returns>The scope.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or a page was lost before. With <see cref="PolicyCheck.AtAccess"/>
    /// also: the bytes were refused (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed, or is being released.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RegionScope OpenScope(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > _scopableLength - length)
        {
            return OpenScopeSlowly(offset, length);
        }

        ScopeSlot slot = ScopeSlot.Open(_core, out long number);

        // The slot first, then the word: see ScopeSlot.
        nint word = Volatile.Read(ref _word);
        if (Volatile.Read(ref *(int*)word) != (int)MappingLife.Active)
        {
            number = OpenSlowly((int*)word, slot, number, offset, length);
        }

        return new RegionScope(this, word, slot, number, offset, length);
    }

    internal Span<byte> SpanOf(long offset, int length) => new(_start + offset, length);

    /// <summary>Before a span is handed out that can be stored to.</summary>
    internal void BeginStores(long offset)
    {
        ThrowIfReadOnly();
        BeforeStore(offset);
    }

    /// <summary>After the slot of a scope was cleared, with the word of its opening.</summary>
    internal void SignalIfReleasing(nint word)
    {
        // A former word, of which nobody says any more that the region is being released, has the Lost bit: so the core is asked as well.
        if (Volatile.Read(ref *(int*)word) >= (int)MappingLife.Releasing)
        {
            _core.ScopeClosed();
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private RegionScope OpenScopeSlowly(long offset, int length)
    {
        CheckAccess(offset, length, FaultAccess.Scope);
        ScopeSlot slot = ScopeSlot.Open(_core, out long number);
        nint word = Volatile.Read(ref _word);
        return new RegionScope(this, word, slot, OpenSlowly((int*)word, slot, number, offset, length), offset, length);
    }

    /// <summary>
    /// The opening of a scope whose region is diagnosed, refuses it, or has lost pages. Returns the scope's number: negative when the
    /// scope is in the journal.
    /// </summary>
    private long OpenSlowly(int* word, ScopeSlot slot, long number, long offset, int length)
    {
        try
        {
            if (_core.Mapping.Life != MappingLife.Active)
            {
                throw _core.Fault(new FileRange(FileOffset + offset, length), FaultAccess.Scope, isMade: false);
            }

            _core.Confirm(word, offset, length, FaultAccess.Scope);
            number = _core.NumberOf(slot, number, offset, length);
            GC.KeepAlive(this);
            return number;
        }
        catch
        {
            slot.Close(Math.Abs(number)); // Also for a clock of the user's that throws, or no memory: there is no scope.
            SignalIfReleasing((nint)word);
            throw;
        }
    }
}
