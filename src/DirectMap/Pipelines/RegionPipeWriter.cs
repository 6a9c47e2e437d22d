using System.Runtime.CompilerServices;

namespace DirectMap.Pipelines;

/// <summary>
/// Writes a range of one region, which is its user's. What was handed out, and not yet advanced, is memory of the region as well: nothing
/// is copied. Alive: the memory until the next one is handed out or the writer is completed (it throws afterwards, at its next use); the
/// addresses as long as the region.
/// </summary>
internal sealed class RegionPipeWriter(MappedRegion region, long start, long end, RegionWriterOptions options)
    : PositionedWriter(region.Path, start, end, options.Durable)
{
    private readonly WriteWindow _window = new(region, options.BufferSize);
    private readonly bool _persists = options.Durable;

    protected override bool FlushesInline => !_persists || _window.Region.Granularity != PersistGranularity.Page;

    protected override Memory<byte> HandOutMemory(int size) => _window.Memory(Flushed, Position, size, EndPosition);

    protected override Span<byte> HandOutSpan(int size) => _window.Span(Flushed, Position, size, EndPosition);

    protected override void Accept(int bytes) => MovePosition(bytes);

    protected override void Store(ReadOnlySpan<byte> source)
    {
        _window.Store(Flushed, Position, source);
        MovePosition(source.Length);
    }

    protected override void MakeDurable()
    {
        long to = Position;
        try
        {
            if (_persists)
            {
                _window.Region.Persist(Flushed, to - Flushed);
            }

            _window.Confirm(Flushed, to - Flushed);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        MoveFlushed(to);
        EndRecord();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    protected override async ValueTask MakeDurableAsync(CancellationToken cancellationToken)
    {
        if (FlushesInline)
        {
            MakeDurable();
            return;
        }

        long to = Position;
        try
        {
            await _window.Region.PersistAsync(Flushed, to - Flushed, cancellationToken).ConfigureAwait(false);
            _window.Confirm(Flushed, to - Flushed);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Fail(exception);
            throw;
        }

        MoveFlushed(to);
        EndRecord();
    }

    protected override void EndRecord() => _window.EndRecord();

    protected override void LetGo() => _window.Drop();
}
