using DirectMap.Diagnostics;
using DirectMap.Mapping;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>The open scopes of one region, and where each was opened. Exists in diagnostic mode only.</summary>
internal sealed class ScopeJournal(ILeaseCoordinator coordinator)
{
    private readonly UninterruptedDictionary<(ScopeSlot Slot, long Number), Entry> _open = new();

    internal void Opened(ScopeSlot slot, long number, string subject)
    {
        if (Origin.Of(coordinator) is { } origin)
        {
            _open.Set((slot, number), new Entry(origin, subject));
        }
    }

    internal void Completed(ScopeSlot slot, long number)
    {
        if (_open.TryGet((slot, number), out Entry? entry))
        {
            entry.IsCompleted = true;
        }
    }

    internal void Closed(ScopeSlot slot, long number)
    {
        if (_open.TryRemove((slot, number), out Entry? entry) && !entry.IsCompleted)
        {
            entry.Origin.Report(DiagnosticKind.ScopeNotCompleted, entry.Subject);
        }
    }

    /// <summary>Nobody waits for them any more: reports those that are open, or only those whose thread has ended.</summary>
    internal void ReportLeftOpen(bool ofDeadThreadsOnly)
    {
        foreach (((ScopeSlot Slot, long Number) key, Entry entry) in _open)
        {
            if ((!ofDeadThreadsOnly || !key.Slot.IsThreadAlive) && _open.TryRemove(key, out _))
            {
                entry.Origin.Report(DiagnosticKind.ScopeLeftOpen, entry.Subject);
            }
        }
    }

    private sealed class Entry(Origin origin, string subject)
    {
        internal Origin Origin { get; } = origin;

        internal string Subject { get; } = subject;

        internal bool IsCompleted { get; set; }
    }
}
