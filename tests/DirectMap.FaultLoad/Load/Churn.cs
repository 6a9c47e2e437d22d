using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>
/// Maps and unmaps all the time, so that addresses are used again: regions of small files, which are faulted and disposed or forgotten, and
/// anonymous memory of the same sizes with marks in it, which no handler may ever touch.
/// </summary>
internal sealed unsafe class Churn(string folder, Tally tally, Failures failures, int seed)
{
    private const int MaxPages = 8;
    private const int Marks = 64;

    private readonly Random _random = new(seed);
    private readonly (nint Start, int Pages, ulong Word)[] _marks = new (nint, int, ulong)[Marks];
    private ulong _lastWord;

    internal void Run(Actor actor, Func<bool> isOver)
    {
        while (!isOver())
        {
            actor.Step("mapping");
            using TargetFile file = new(folder, _random.Next(1, MaxPages + 1), tally);
            Judge judge = new(file, tally, failures, _random);
            for (int i = _random.Next(1, 4); i > 0; i--)
            {
                Use(file, judge);
                Mark();
            }
        }

        for (int i = 0; i < Marks; i++)
        {
            Unmark(i);
        }
    }

    private void Use(TargetFile file, Judge judge)
    {
        RoundPlan plan = new(file.Map(_random), _random.Next(file.Pages), Ending.Drop);
        file.Truncate(plan.Kept);
        for (int page = plan.Kept; page < file.Pages; page++)
        {
            judge.MustThrow(plan, page, 1);
        }

        tally.AddFaults(plan.Region.GetLostRanges().Sum(range => range.Length) / PageContent.PageSize);
        if (_random.Next(2) == 0)
        {
            plan.Region.Dispose();
        }

        file.BeginGrowth(plan.Kept);
        file.Grow(plan.Kept);
    }

    private void Mark()
    {
        int slot = _random.Next(Marks);
        Unmark(slot);
        int pages = _random.Next(1, MaxPages + 1);
        byte* start = Libc.MapAnonymous(null, pages * PageContent.PageSize);
        if (start != null)
        {
            ulong word = PageContent.WordOf((ulong)seed, pages, (int)++_lastWord);
            // In bounds: just mapped. Alive: nobody else knows of it.
            new Span<ulong>(start, pages * PageContent.PageSize / sizeof(ulong)).Fill(word);
            _marks[slot] = ((nint)start, pages, word);
        }
    }

    private void Unmark(int slot)
    {
        (nint start, int pages, ulong word) = _marks[slot];
        if (start == 0)
        {
            return;
        }

        // In bounds and alive: as Mark has mapped it.
        ReadOnlySpan<ulong> words = new((void*)start, pages * PageContent.PageSize / sizeof(ulong));
        int wrong = words.IndexOfAnyExcept(word);
        if (wrong >= 0)
        {
            failures.Add($"memory that is nobody's mapping was changed: {words[wrong]:x} for {word:x} at word {wrong} of {pages} pages");
        }

        Libc.Unmap((byte*)start, pages * PageContent.PageSize);
        _marks[slot] = default;
    }
}
