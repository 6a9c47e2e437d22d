using System.Buffers;

namespace DirectMap.Pipelines;

/// <content>How the file is mapped, at first and anew.</content>
internal sealed partial class FilePipeWriter
{
    /// <summary>Waits for those who want the file, maps it, and stores what was kept meanwhile.</summary>
    private async Task<WriteWindow> MapAfreshAsync(CancellationToken cancellationToken)
    {
        MappedRegion region = await MapAsync(_file, _map, cancellationToken).ConfigureAwait(false);
        WriteWindow window = new(region, _options.BufferSize);
        using (_gate.Enter())
        {
            AssertCopy();
            _window = window;
            try
            {
                window.Store(Flushed, Flushed, _copy!.WrittenSpan);
            }
            catch (Exception exception) when (IsGone(region, exception))
            {
                // Found out by the caller, which asks the same region.
            }
            catch
            {
                _window = null; // It does not have what it should.
                region.Dispose();
                throw;
            }
        }

        return window;
    }

    private static MappedRegion Map(DirectFile file, MapOptions map)
    {
        while (true)
        {
            try
            {
                return file.Map(map);
            }
            catch (LeaseConflictException conflict) when (IsToBeAwaitedAgain(conflict, map))
            {
            }
        }
    }

    private static async Task<MappedRegion> MapAsync(DirectFile file, MapOptions map, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await file.MapAsync(map, cancellationToken).ConfigureAwait(false);
            }
            catch (LeaseConflictException conflict) when (IsToBeAwaitedAgain(conflict, map))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>The lease was waited for and granted, and revoked again before anything was mapped.</summary>
    private static bool IsToBeAwaitedAgain(LeaseConflictException conflict, MapOptions map) =>
        conflict.Conflict == LeaseConflict.WouldBlock && map.WhenUnavailable == WhenUnavailable.Wait;
}
