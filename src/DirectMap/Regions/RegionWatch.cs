using DirectMap.Breakers;
using DirectMap.Inodes;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>
/// What one region hears of changes that did not ask, from before its file is looked at: so a change is either met by that look, or heard.
/// What comes before there is a region waits for it. It revokes the region where its file's options say so, and looks at the file anew
/// where a change may have gone unnoticed. No user's code is in the way of that.
/// </summary>
internal sealed class RegionWatch : INoticeListener
{
    private readonly Inode _inode;
    private readonly GuardOptions _guard;
    private readonly Action<MappedRegion, Trespass>? _onTrespass;
    private readonly UninterruptedLock _gate = new();
    private readonly OutsideNotifier _notifier;
    private List<OutsideNotice>? _early = []; // under the gate; null when the region is there
    private MappedRegion? _region;
    private volatile bool _hasRevoked; // by a trespass
    private bool _isToLook; // a look waits
    private SeenLayout? _seen; // written before the region is there

    private RegionWatch(Inode inode, RegionFacts facts, Action<MappedRegion, Trespass>? onTrespass)
    {
        _inode = inode;
        _guard = facts.Guard;
        _onTrespass = onTrespass;
        _notifier = new OutsideNotifier(inode, facts.Path, inode.Coordinator.ReportCallbackFailure, this);
    }

    /// <summary>Null where the mapping takes no lease, or its file is not to be guarded.</summary>
    internal static RegionWatch? Of(Inode inode, RegionFacts facts, MapOptions options) =>
        facts.IsDirect && facts.Guard.Demand != GuardDemand.None ? new RegionWatch(inode, facts, options.OnTrespass) : null;

    /// <summary>Whom the region's handlers hear from.</summary>
    internal OutsideNotifier Notifier => _notifier;

    /// <summary>What was seen of the file when it was mapped; null where that does not stay.</summary>
    internal void Saw(SeenLayout? layout) => _seen = layout;

    /// <summary>The region is made.</summary>
    internal void Attach(MappedRegion region)
    {
        if (_onTrespass is { } onTrespass)
        {
            _notifier.AddForTrespasses(region, (sender, trespass) => onTrespass((MappedRegion)sender!, trespass));
        }

        List<OutsideNotice> early;
        using (_gate.Enter())
        {
            _region = region;
            (early, _early) = (_early!, null);
        }

        foreach (OutsideNotice notice in early)
        {
            _notifier.Enqueue(notice)?.Invoke();
        }

        RevokeIfLess(region, _inode.Arbiter.Protection); // Of what was said of the protection the last word counts.
    }

    /// <summary>Nothing is heard any more.</summary>
    internal void Close() => _notifier.Close();

    private bool Revokes => _guard.Response == TrespassResponse.Revoke
        || (_guard.Response == TrespassResponse.ByDemand && _guard.Demand == GuardDemand.Required);

    /// <summary>
    /// What waits here is bounded, however often others change the file: a look that waits serves for all that come, and so does a trespass
    /// before there is a region, since it is told after them. A mapping may wait long for its lease.
    /// </summary>
    NoticeWay INoticeListener.WayOf(in OutsideNotice notice)
    {
        OutsideNotice one = notice;
        using (_gate.Enter())
        {
            if (_early is { } early)
            {
                bool isServed = one.Protection is not null
                    || early.Exists(other => other == one || other.Covers(one))
                    || (one.Trespass is not null && early.Count >= OutsideNotifier.MostTrespassers);
                if (!isServed)
                {
                    early.Add(one);
                }

                return NoticeWay.Kept;
            }
        }

        return one switch
        {
            { Protection: not null } => _guard.Demand == GuardDemand.Required ? NoticeWay.ListenerFirst : NoticeWay.Handlers,
            { Trespass: not null } => Revokes && !_hasRevoked ? NoticeWay.ListenerFirst : NoticeWay.Handlers,
            _ => Interlocked.Exchange(ref _isToLook, true) ? NoticeWay.Kept : NoticeWay.ListenerFirst,
        };
    }

    void INoticeListener.Hear(OutsideNotice notice)
    {
        MappedRegion region = _region!;
        if (notice.Protection is { } protection)
        {
            RevokeIfLess(region, protection);
            return;
        }

        if (notice.Trespass is { } trespass)
        {
            if (Revokes)
            {
                region.Core.RevokeFor(new OutsideReason(FaultCause.Trespass, trespass, null));
                _hasRevoked = true;
            }

            return;
        }

        Volatile.Write(ref _isToLook, false); // Before the look: what comes from now on is looked for by another one.
        Interlocked.MemoryBarrier();
        if (region.State is RegionState.Active or RegionState.Breaking or RegionState.Releasing
            && region.Core.Faults.WhatHasChanged(_seen) is { } change)
        {
            _inode.Arbiter.PartyOf<FileWitness>()?.Found(change);
        }
    }

    private void RevokeIfLess(MappedRegion region, Protection protection)
    {
        if (_guard.Demand == GuardDemand.Required && protection.Level < _guard.Level)
        {
            region.Core.RevokeFor(new OutsideReason(FaultCause.ProtectionLost, null, protection.ToString()));
        }
    }
}
