using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>
/// Threads that access one region, round by round: the file is truncated under accesses; every lost page is accessed by everybody; the
/// pages come back, or the region goes, under accesses; everything is read. The parts of a round are kept apart by a barrier, so that it is
/// known what an access may do. Member 0 makes the changes.
/// </summary>
internal sealed class Team(int size, string folder, Tally tally, Failures failures, Func<bool> isOver, int seed) : IDisposable
{
    private const int RacingAccesses = 12;

    private readonly Barrier _barrier = new(size);
    private readonly TargetFile _file = new(folder, 32 + (16 * (seed % 5)), tally);
    private RoundPlan? _plan;
    private volatile bool _isChanged; // member 0 has done its part of the round's last one

    /// <summary>What a member does.</summary>
    internal void Run(Actor actor, int member)
    {
        Random random = new(unchecked((seed * 31) + member));
        Judge judge = new(_file, tally, failures, random);
        byte[] content = new byte[_file.Pages * PageContent.PageSize];
        if (member == 0)
        {
            _plan = new RoundPlan(_file.Map(random), 1, Ending.Restore);
        }

        while (true)
        {
            if (member == 0)
            {
                _plan = isOver() ? Stop(_plan!) : Plan(_plan!.Region, random);
                _isChanged = false;
            }

            Meet(actor, "the plan");
            if (_plan is not { } plan)
            {
                return;
            }

            Part(actor, "truncating", () => WhileTruncated(plan, judge, random, member));
            Part(actor, "lost", () => WhileLost(plan, judge, random, member));
            if (member == 0 && plan.GrowsUnderAccess)
            {
                _file.BeginGrowth(plan.Kept);
            }

            Meet(actor, "the words");
            Part(actor, plan.Ending.ToString(), () => WhileEnding(actor, plan, judge, random, member));
            if (member == 0)
            {
                actor.Step("settling");
                Settle(plan, random);
            }

            Meet(actor, "settling");
            Part(actor, "whole", () => WhenWhole(judge, random, content));
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _barrier.Dispose();
    }

    private RoundPlan Plan(MappedRegion region, Random random)
    {
        Ending ending = (Ending)random.Next(Enum.GetValues<Ending>().Length);
        int kept = random.Next(3) == 0 ? random.Next(2) : random.Next(_file.Pages / 2);
        return new RoundPlan(region, ending == Ending.Revoke ? kept + 1 : kept, ending);
    }

    private static RoundPlan? Stop(RoundPlan plan)
    {
        plan.Region.Dispose();
        return null;
    }

    /// <summary>Does a part of the round, whatever becomes of it: the others wait for this member.</summary>
    private void Part(Actor actor, string name, Action body)
    {
        actor.Step(name);
        try
        {
            body();
        }
        catch (Exception exception)
        {
            failures.Add($"{actor.Name}, {name}: {exception}");
        }

        Meet(actor, name);
    }

    private void Meet(Actor actor, string what)
    {
        actor.Step($"waiting for the team after: {what}");
        _barrier.SignalAndWait();
    }

    private void WhileTruncated(RoundPlan plan, Judge judge, Random random, int member)
    {
        for (int i = 0; i < RacingAccesses; i++)
        {
            if (member == 0 && i == RacingAccesses / 2)
            {
                _file.Truncate(plan.Kept);
            }

            judge.MayThrow(plan, random.Next(_file.Pages), isEnding: false);
        }
    }

    private void WhileLost(RoundPlan plan, Judge judge, Random random, int member)
    {
        int[] starts = Shuffled(random, plan.Kept, _file.Pages);
        foreach (int page in starts)
        {
            int room = Math.Min(Access.MaxPages, _file.Pages - page);
            judge.MustThrow(plan, page, room > 1 && random.Next(8) == 0 ? random.Next(2, room + 1) : 1);
            if (plan.Kept > 0 && random.Next(4) == 0)
            {
                judge.MustBeGood(plan, random.Next(plan.Kept), isAnyLost: true);
            }
        }

        if (member == 0)
        {
            // Each of them was accessed by this member.
            IReadOnlyList<FileRange> lost = plan.Region.GetLostRanges();
            tally.AddFaults(lost.Sum(range => range.Length) / PageContent.PageSize);
            FileRange expected = new((long)plan.Kept * PageContent.PageSize, (long)(_file.Pages - plan.Kept) * PageContent.PageSize);
            if (plan.Region.Facts.FaultReach == FaultReach.Page
                ? lost.Count != 1 || lost[0] != expected
                : lost.Count == 0 || !lost.All(range => expected.Contains(range)))
            {
                failures.Add(
                    $"GetLostRanges of {_file.Path} ({plan.Region.Facts.FaultReach}): {string.Join(", ", lost)}, where {expected} is lost");
            }
        }
    }

    private void WhileEnding(Actor actor, RoundPlan plan, Judge judge, Random random, int member)
    {
        Race();
        if (member == 0)
        {
            try
            {
                Change(plan);
            }
            finally
            {
                _isChanged = true;
            }
        }
        else if (member == 1)
        {
            Help(plan);
        }

        do
        {
            actor.Step($"accessing: {plan.Ending}");
            Race();
        }
        while (!_isChanged);

        void Race()
        {
            for (int i = 0; i < RacingAccesses / 2; i++)
            {
                judge.MayThrow(plan, random.Next(_file.Pages), isEnding: true);
            }
        }
    }

    /// <summary>What member 0 does while the others access the region.</summary>
    private void Change(RoundPlan plan)
    {
        switch (plan.Ending)
        {
            case Ending.Restore or Ending.RestoreAndDispose:
                _file.Grow(plan.Kept);
                Restore(plan);
                break;
            case Ending.Dispose:
                plan.Region.Dispose();
                break;
            case Ending.Revoke:
                _file.TruncateThroughLibrary(plan.KeptAtEnd);
                break;
            default:
                break;
        }
    }

    /// <summary>What another member does to it at the same time.</summary>
    private static void Help(RoundPlan plan)
    {
        if (plan.Ending == Ending.RestoreAndDispose)
        {
            plan.Region.Dispose();
        }
        else if (plan.Ending == Ending.Restore)
        {
            Restore(plan);
        }
    }

    private static void Restore(RoundPlan plan)
    {
        try
        {
            plan.Region.RestoreLostPages();
        }
        catch (ObjectDisposedException) when (plan.IsDisposed)
        {
            // Another member was faster.
        }
    }

    /// <summary>The region is whole again, or another one is there.</summary>
    private void Settle(RoundPlan plan, Random random)
    {
        try
        {
            if (!plan.GrowsUnderAccess)
            {
                _file.BeginGrowth(plan.KeptAtEnd);
                _file.Grow(plan.KeptAtEnd);
            }

            if (plan.Ending == Ending.Restore)
            {
                // Nobody accesses it now, and nothing is missing.
                IReadOnlyList<FileRange> left = plan.Region.RestoreLostPages();
                if (left.Count != 0 || plan.Region.GetLostRanges().Count != 0)
                {
                    failures.Add($"{_file.Path}: {string.Join(", ", left)} did not come back, though the file has all of its pages");
                }

                return;
            }

            if (plan.IsRevoked != (plan.Region.State == RegionState.Revoked))
            {
                failures.Add($"{_file.Path}: {plan.Region.State} after {plan.Ending}");
            }

            if (plan.Ending != Ending.Drop)
            {
                plan.Region.Dispose();
            }
        }
        catch (Exception exception)
        {
            failures.Add($"settling {_file.Path} after {plan.Ending}: {exception}");
        }

        _plan = plan with { Region = _file.Map(random) };
    }

    private void WhenWhole(Judge judge, Random random, byte[] content)
    {
        RoundPlan plan = _plan! with { Kept = _file.Pages };
        plan.Region.CopyTo(0, content);
        for (int page = 0; page < _file.Pages; page++)
        {
            if (!PageContent.IsRight(content.AsSpan(page * PageContent.PageSize, PageContent.PageSize), _file.WordOf(page)))
            {
                failures.Add(
                    $"{_file.Path}, page {page} of {_file.Pages} has not its content after {plan.Ending} ({plan.Region.Facts.FaultReach}): "
                        + $"{BitConverter.ToUInt64(content, page * PageContent.PageSize):x} for {_file.WordOf(page):x}");
            }
        }

        for (int i = 0; i < RacingAccesses; i++)
        {
            judge.MustBeGood(plan, random.Next(_file.Pages), isAnyLost: false);
        }
    }

    private static int[] Shuffled(Random random, int from, int to)
    {
        int[] pages = [.. Enumerable.Range(from, to - from)];
        random.Shuffle(pages);
        return pages;
    }
}
