using System.Collections.Concurrent;

namespace DirectMap.Tests.Infrastructure;

/// <summary>A coordinator that notes what there is to see when a right is given back, before whoever waits for it has it.</summary>
internal sealed class RightsLog(ILeaseCoordinator inner, Func<FileId, long> look) : PassingCoordinator(inner)
{
    /// <summary>What was seen when the rights were given back, and of which file they were.</summary>
    internal ConcurrentQueue<(FileId File, long Seen)> GivenBack { get; } = new();

    public override ILayoutRight Break(BreakRequest request) => new Right(this, request.File, Inner.Break(request));

    public override async ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default) =>
        new Right(this, request.File, await Inner.BreakAsync(request, cancellationToken));

    private long Look(FileId file) => look(file);

    private sealed class Right(RightsLog log, FileId file, ILayoutRight right) : ILayoutRight
    {
        public FileRange Range => right.Range;

        public void Dispose()
        {
            log.GivenBack.Enqueue((file, log.Look(file)));
            right.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
