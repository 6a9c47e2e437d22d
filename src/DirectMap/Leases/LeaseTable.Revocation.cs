using DirectMap.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <content>
/// What happens at the deadline. Broken leases that are overdue are queued here, and threads of the coordinator's
/// (<see cref="RevocationThreads"/>) revoke them one by one: at most a few of one file at the same time, so that a file whose revocations
/// block does not take all the threads.
/// </content>
internal sealed partial class LeaseTable
{
    /// <summary>How many leases of the file are revoked at the same time, at most, while their Revoke blocks.</summary>
    private const int MaxServers = 8;

    private readonly Queue<LeaseRecord> _overdue = new();
    private readonly Dictionary<LeaseRecord, Exception> _failed = []; // broken leases in force whose revocation has failed
    private int _servers; // threads that serve, or are asked to serve, the queue

    /// <summary>A deadline has passed. Called with no lock held.</summary>
    public void SetOverdue(PendingBreak pending)
    {
        int servers;
        List<LeaseRecord>? diagnosed = null;
        using (EnterGate())
        {
            foreach (LeaseRecord lease in pending.Leases)
            {
                if (lease.State == LeaseState.Breaking && lease.Pending == pending && !lease.IsOverdue)
                {
                    lease.IsOverdue = true;
                    _overdue.Enqueue(lease);
                    if (lease.Origin is { IsHeldPastBreak: false } origin)
                    {
                        origin.IsHeldPastBreak = true;
                        (diagnosed ??= []).Add(lease);
                    }
                }
            }

            servers = Math.Min(MaxServers - _servers, _overdue.Count);
            _servers += servers;
        }

        diagnosed?.ForEach(static lease =>
            lease.Origin!.Report(DiagnosticKind.LeaseHeldPastBreak, $"lease of {lease} on {lease.Range}", lease.Break));
        for (; servers > 0; servers--)
        {
            _services.Revocations.Serve(this);
        }
    }

    /// <summary>Revokes what is overdue until nothing is left. Called with no lock held, by a thread that may be blocked by it.</summary>
    public void ServeRevocations()
    {
        while (TryTakeOverdue() is { } lease)
        {
            _services.At(LeaseStep.Revoking);
            Exception? failure = Revoke(lease);
            _services.At(LeaseStep.Revoked);
            CompleteRevocation(lease, failure);
        }
    }

    /// <summary>Nobody can hold the break's deadline: its breakers are told.</summary>
    public void FailRevocations(PendingBreak pending, Exception failure)
    {
        List<LeaseRecord> failed = [];
        using (EnterGate())
        {
            foreach (LeaseRecord lease in pending.Leases)
            {
                if (lease.State == LeaseState.Breaking && lease.Pending == pending && !lease.IsOverdue)
                {
                    lease.IsOverdue = true;
                    _failed[lease] = failure;
                    FailBreakersUnsynchronized(lease, failure);
                    failed.Add(lease);
                }
            }

            AdvanceUnsynchronized();
        }

        failed.ForEach(lease => _services.Events.RevocationFailed(Describe(lease), failure));
    }

    private static Exception? Revoke(LeaseRecord overdue)
    {
        try
        {
            overdue.Revoke?.Invoke(overdue.Break);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private LeaseRecord? TryTakeOverdue()
    {
        using (EnterGate())
        {
            while (_overdue.TryDequeue(out LeaseRecord? lease))
            {
                if (lease.State == LeaseState.Breaking)
                {
                    return lease;
                }
            }

            _servers--;
            return null;
        }
    }

    private void CompleteRevocation(LeaseRecord lease, Exception? failure)
    {
        bool isNews; // not when the holder has let go meanwhile
        using (EnterGate())
        {
            if (failure is null)
            {
                isNews = EndUnsynchronized(lease, LeaseState.Revoked);
            }
            else if (isNews = lease.IsInForce)
            {
                _failed[lease] = failure;
                FailBreakersUnsynchronized(lease, failure);
                AdvanceUnsynchronized();
            }
        }

        if (isNews && failure is null)
        {
            _services.Events.LeaseRevoked(Describe(lease));
        }
        else if (isNews)
        {
            _services.Events.RevocationFailed(Describe(lease), failure!);
        }
    }

    private BrokenLease Describe(LeaseRecord lease) =>
        new(lease.ToString(), lease.Range, File, lease.Break!, _services.Events.Since(lease.Pending!.Began));

    /// <summary>Each new breaker is a new attempt to revoke what could not be revoked.</summary>
    private void RetryRevocationsUnsynchronized(BreakRequest request, ref BreakOutcome outcome)
    {
        if (_failed.Count == 0)
        {
            return;
        }


        LeaseFilter others = LeaseFilter.OfOthers(request.Range, request.Owner);
        foreach (LeaseRecord lease in _failed.Keys.Where(lease => others.Matches(lease)).ToList())
        {
            _services.Deadlines.Add(lease.Pending!);
            lease.IsOverdue = false;
            _failed.Remove(lease);
            outcome.MustArm = true;
        }
    }

    /// <summary>
    /// Those that wait for it are told. (Who comes later tries again, so nobody waits for one that had failed before.)
    /// </summary>
    private void FailBreakersUnsynchronized(LeaseRecord lease, Exception failure)
    {
        List<Breaker> failed = [];
        _queued.Collect(lease.Range, failed);
        failed.RemoveAll(breaker => breaker.Request.Owner == lease.Owner);
        failed.Sort(static (one, other) => one.Number.CompareTo(other.Number));
        foreach (Breaker breaker in failed)
        {
            TakeOutUnsynchronized(breaker);
            breaker.Granted!.Fail(new LeaseConflictException(failure)
            {
                Conflict = LeaseConflict.RevocationFailed,
                Detail = $"{breaker.Request}: the deadline passed, but a holder could not be invalidated: {failure.Message}"
            });
        }
    }
}
