using System.Buffers;
using System.Runtime.CompilerServices;
using DirectMap.Threading;

namespace DirectMap.Pipelines;

/// <summary>
/// Writes a range of a file through mappings that it makes, lets go when somebody wants the file, and makes anew afterwards. What is
/// written between two flushes is a record. Invariants:
/// <list type="number">
/// <item>A mapping is let go between records only, or is revoked: when a break begins, if no record has begun; otherwise at the end of the
/// flush that ends the record. So a breaker that was waited for finds whole, durable records.</item>
/// <item>While there is no mapping, what is handed out is ordinary memory, and nobody waits; the next flush waits for the mapping, and
/// stores the bytes there first.</item>
/// <item>From the beginning of a break on there is a copy of all that is unflushed: exactly the bytes from flushed to position. It is made
/// of bytes that the region's word says are the file's, after they were copied. So what was advanced outlives a revocation; what was handed
/// out and not advanced does not, and Advance says so by an exception, and takes nothing.</item>
/// <item>Bytes that were advanced before the copy could be made, and revoked before they were flushed, are a failure: nobody can say
/// what became of them.</item>
/// </list>
/// The gate orders the caller (and its flush) and the callback of a break, which comes at any time; it is never held over a wait, a sync or
/// somebody else's code.
/// </summary>
internal sealed partial class FilePipeWriter : PositionedWriter
{
    private readonly DirectFile _file;
    private readonly MapOptions _map;
    private readonly RegionWriterOptions _options;
    private readonly UninterruptedLock _gate = new();
    private WriteWindow? _window; // null while there is no mapping
    private ArrayBufferWriter<byte>? _copy;
    private bool _hasBegun; // a record
    private bool _isOutside; // what was handed out is the copy's memory
    // whose memory was handed out: referenced as long as somebody may have a span of it, whose addresses live as long
    private MappedRegion? _lent;

    private FilePipeWriter(DirectFile file, MapOptions map, MappedRegion region, long start, RegionWriterOptions options)
        : base(region.Path, start, region.Length, options.Durable)
    {
        _file = file;
        _map = map;
        _options = options;
        _window = new WriteWindow(region, options.BufferSize);
    }

    protected override bool FlushesInline => false;

    /// <summary>Maps the file, now and whenever it is necessary.</summary>
    internal static FilePipeWriter Create(DirectFile file, MapOptions map, long start, RegionWriterOptions options)
    {
        Making making = new(map);
        return making.Finish(file, Map(file, making.Map), start, options);
    }

    protected override Memory<byte> HandOutMemory(int size)
    {
        using (_gate.Enter())
        {
            while (WindowUnsynchronized() is { } window)
            {
                try
                {
                    Memory<byte> memory = window.Memory(Flushed, Position, size, EndPosition);
                    (_hasBegun, _isOutside, _lent) = (true, false, window.Region);
                    return memory;
                }
                catch (Exception exception) when (IsGone(window.Region, exception))
                {
                    // It is gone when it is looked at again.
                }
            }

            return OutsideUnsynchronized(size);
        }
    }

    protected override Span<byte> HandOutSpan(int size)
    {
        using (_gate.Enter())
        {
            while (WindowUnsynchronized() is { } window)
            {
                try
                {
                    Span<byte> span = window.Span(Flushed, Position, size, EndPosition);
                    (_hasBegun, _isOutside, _lent) = (true, false, window.Region);
                    return span;
                }
                catch (Exception exception) when (IsGone(window.Region, exception))
                {
                    // As above.
                }
            }

            return OutsideUnsynchronized(size).Span;
        }
    }

    protected override void Accept(int bytes)
    {
        MappedRegion? gone = null;
        using (_gate.Enter())
        {
            if (_isOutside)
            {
                _copy!.Advance(bytes);
            }
            else if (bytes > 0)
            {
                if (_window is null)
                {
                    throw GoneFrom(_lent!, bytes); // Advanced by nothing, which ended the record, and then by something.
                }

                try
                {
                    _window.Confirm(Position, bytes);
                    if (_copy is not null)
                    {
                        AppendUnsynchronized(_copy, _window.Region, Position, bytes);
                    }
                }
                catch (ObjectDisposedException) when (IsLetGo(_window.Region))
                {
                    throw GoneFrom(_window.Region, bytes); // By the user's callback.
                }
            }

            MovePosition(bytes);
            AssertCopy();
            _hasBegun = Unflushed > 0; // Nothing came of it: nobody need wait for the end of it.
            gone = TryDropUnsynchronized();
        }

        gone?.Dispose();
    }

    protected override void Store(ReadOnlySpan<byte> source)
    {
        using (_gate.Enter())
        {
            WriteWindow? window = WindowUnsynchronized();
            if (window is not null)
            {
                // It may be stored in two places. The first one may be its own, and a break may take both it and the source away.
                bool isBreaking = _copy is not null || window.Region.Core.Lease.CurrentBreak is not null;
                source = window.Region.Apart(source, Position, isBreaking);
            }

            try
            {
                window?.Store(Flushed, Position, source);
            }
            catch (Exception exception) when (IsGone(window!.Region, exception))
            {
                window = WindowUnsynchronized(); // None, then.
            }

            if (window is null)
            {
                _copy ??= new ArrayBufferWriter<byte>();
            }

            _copy?.Write(source);
            MovePosition(source.Length);
            AssertCopy();
            _hasBegun = true;
        }
    }

    /// <summary>No flush is under way when it returns or throws: it might map the file again. A sync that is left behind ends.</summary>
    protected override void MakeDurable()
    {
        using CancellationTokenSource end = new();
        Task durable = MakeDurableAsync(end.Token).AsTask();
        Uninterrupted.WaitOrCancel(durable, end, Timeout.InfiniteTimeSpan);
        durable.GetAwaiter().GetResult();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask MakeDurableAsync(CancellationToken cancellationToken)
    {
        while (!await TryMakeDurableAsync(cancellationToken).ConfigureAwait(false))
        {
            // Revoked meanwhile, and there is a copy.
        }
    }

    protected override void EndRecord()
    {
        MappedRegion? gone;
        using (_gate.Enter())
        {
            gone = EndRecordUnsynchronized();
        }

        gone?.Dispose();
    }

    protected override void LetGo()
    {
        MappedRegion? gone;
        using (_gate.Enter())
        {
            gone = DropUnsynchronized();
        }

        gone?.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryMakeDurableAsync(CancellationToken cancellationToken)
    {
        WriteWindow? window;
        using (_gate.Enter())
        {
            window = WindowUnsynchronized();
        }

        window ??= await MapAfreshAsync(cancellationToken).ConfigureAwait(false);
        long from = Flushed;
        long to = Position;
        try
        {
            if (_options.Durable)
            {
                await window.Region.PersistAsync(from, to - from, cancellationToken).ConfigureAwait(false);
            }

            window.Confirm(from, to - from);
        }
        catch (Exception exception) when (IsGone(window.Region, exception))
        {
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Fail(exception);
            throw;
        }

        MappedRegion? gone;
        using (_gate.Enter())
        {
            MoveFlushed(to);
            gone = EndRecordUnsynchronized();
        }

        gone?.Dispose();
        return true;
    }

    /// <summary>Somebody wants the file; on the thread of a break callback.</summary>
    private void BreakBegan(MappedRegion region)
    {
        MappedRegion? gone;
        using (_gate.Enter())
        {
            if (_window?.Region != region)
            {
                return;
            }

            gone = TryDropUnsynchronized();
            if (gone is null)
            {
                KeepUnsynchronized(region);
            }
        }

        gone?.Dispose();
    }

    private Memory<byte> OutsideUnsynchronized(int size)
    {
        (_hasBegun, _isOutside, _lent) = (true, true, null);
        _copy ??= new ArrayBufferWriter<byte>();
        Memory<byte> outside = _copy.GetMemory(size);
        return outside[..(int)Math.Min(outside.Length, EndPosition - Position)];
    }

    /// <summary>Memory was handed out, and the mapping let go before it was advanced.</summary>
    private MappingFaultException GoneFrom(MappedRegion region, int bytes) => new()
    {
        Path = region.Path,
        Cause = FaultCause.Revoked,
        Access = FaultAccess.Memory,
        Range = new FileRange(region.FileOffset + Position, bytes),
        Break = region.Core.Lease.CurrentBreak,
    };

    /// <summary>Whether it is disposed or drains until it is, which the user's callback may do with any region.</summary>
    private static bool IsLetGo(MappedRegion region) => region.State is RegionState.Disposed or RegionState.Releasing;

    /// <summary>Whether an access failed since the mapping was revoked, or let go.</summary>
    private static bool IsGone(MappedRegion region, Exception exception) =>
        exception is MappingFaultException { Cause: FaultCause.Revoked }
        || (exception is ObjectDisposedException && IsLetGo(region));

    /// <summary>The mapping, if there is one that is not gone.</summary>
    /// <exception cref="MappingFaultException">It was revoked, and what was advanced in it is not known.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed, and the same.</exception>
    private WriteWindow? WindowUnsynchronized()
    {
        if (_window is not { Region.State: RegionState.Revoked or RegionState.Disposed or RegionState.Releasing } gone)
        {
            return _window;
        }

        if (Unflushed > 0 && _copy is null)
        {
            try
            {
                gone.Confirm(Flushed, Unflushed);
            }
            catch (Exception fault) when (fault is MappingFaultException or ObjectDisposedException)
            {
                Fail(fault);
                throw;
            }
        }

        MappedRegion? region = DropUnsynchronized();
        if (region is not { State: RegionState.Releasing }) // One that drains is let go by who asked for that.
        {
            region?.Dispose(); // Gone: nobody is woken by that.
        }

        return null;
    }

    private MappedRegion? EndRecordUnsynchronized()
    {
        _hasBegun = Position > Flushed;
        _lent = null;
        if (!_hasBegun)
        {
            (_copy, _isOutside) = (null, false);
        }

        AssertCopy();
        _window?.EndRecord();
        return TryDropUnsynchronized();
    }

    /// <summary>Lets go between records, if somebody wants the file. Returns the region, to be disposed without the gate.</summary>
    private MappedRegion? TryDropUnsynchronized() =>
        !_hasBegun && Position == Flushed && _window is { Region.Core.Lease.CurrentBreak: not null } ? DropUnsynchronized() : null;

    private MappedRegion? DropUnsynchronized()
    {
        MappedRegion? region = _window?.Region;
        _window?.Drop();
        _window = null;
        return region;
    }

    private void KeepUnsynchronized(MappedRegion region)
    {
        if (_copy is not null)
        {
            return;
        }

        try
        {
            long length = Position - Flushed;
            ArrayBufferWriter<byte> copy = length == 0 ? new() : new(checked((int)length));
            AppendUnsynchronized(copy, region, Flushed, (int)length);
            _copy = copy;
            AssertCopy();
        }
        catch (Exception exception)
            when (exception is MappingFaultException or ObjectDisposedException or OverflowException or OutOfMemoryException)
        {
            // No copy, then: that is a failure if the region is revoked before the record is flushed, and none if it is not.
        }
    }

    private static void AppendUnsynchronized(ArrayBufferWriter<byte> copy, MappedRegion region, long from, int length)
    {
        if (length > 0)
        {
            region.CopyTo(from, copy.GetSpan(length)[..length]);
            copy.Advance(length);
        }
    }
}
