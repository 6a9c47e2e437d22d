using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>
/// Threads that map small files, register, lose, restore, unregister and unmap them, each time as chance has it, and put memory with
/// a mark where a mapping has just been: no page that is nobody's may be replaced, no loss go unnoticed. Every range is faulted by
/// two threads at once.
/// </summary>
internal sealed unsafe class NativeStress(int seed, Failures failures)
{
    private const int MaxPages = 4;
    private const int MaxMarks = 32;

    private static readonly int s_page = Environment.SystemPageSize;
    private static long s_ranges;
    private static long s_lost;
    private static long s_reused;

    private readonly Random _random = new(seed);
    private readonly Queue<(nint Start, long Length, byte Mark)> _marks = new();
    private readonly Barrier _both = new(2);
    private volatile Job? _job;
    private volatile bool _isOver;

    internal static void Run(int seconds, int threads, Watchdog watchdog, Failures failures)
    {
        long began = Stopwatch.GetTimestamp();
        List<Actor> actors = [];
        for (int i = 0; i < (threads + 1) / 2; i++)
        {
            NativeStress stress = new(i + 1, failures);
            actors.Add(new Actor(
                $"ranges {i}", actor => stress.Make(actor, () => Stopwatch.GetElapsedTime(began).TotalSeconds >= seconds), failures));
            actors.Add(new Actor($"helper {i}", stress.Help, failures));
        }

        watchdog.Watch([.. actors]);
        actors.ForEach(actor => actor.Start());
        actors.ForEach(actor => actor.Join());
        watchdog.Watch([]);
        Console.WriteLine(
            $"stress: {s_ranges} ranges, {s_lost} pages lost, {s_reused} addresses used again at once, {failures.Count} failures");
        if (s_ranges == 0 || s_lost == 0 || s_reused == 0)
        {
            failures.Add("the stress did nothing");
        }
    }

    private void Make(Actor actor, Func<bool> isOver)
    {
        try
        {
            while (!isOver())
            {
                actor.Step("a range");
                Once();
                Interlocked.Increment(ref s_ranges);
            }
        }
        finally
        {
            _isOver = true;
            _both.SignalAndWait();
            while (_marks.Count > 0)
            {
                CheckMark();
            }
        }
    }

    private void Help(Actor actor)
    {
        while (true)
        {
            _both.SignalAndWait();
            actor.Step("helping");
            if (_isOver)
            {
                return;
            }

            Touch(_job!);
            _both.SignalAndWait();
        }
    }

    private void Once()
    {
        int pages = _random.Next(1, MaxPages + 1);
        long length = (long)pages * s_page;
        int file = Libc.CreateFile(length);
        Fill(file, pages);
        byte* start = Libc.MapFile(file, length);
        FaultHandler.StateBlock* state = NativeHandler.NewState();
        FaultHandler.StateBlock* next = NativeHandler.NewState(2);
        void* range = NativeHandler.Register(start, length, state);
        int kept = _random.Next(pages);
        Libc.SetLength(file, (long)kept * s_page);
        _job = new Job((nint)start, pages, kept);
        _both.SignalAndWait();
        Touch(_job);
        _both.SignalAndWait();
        if ((Volatile.Read(ref state->Word) & NativeHandler.Lost) == 0 || NativeHandler.FindLost(range, pages) != kept)
        {
            failures.Add($"{pages} pages, {kept} kept: word {state->Word}, first lost page {NativeHandler.FindLost(range, pages)}");
        }

        if (_random.Next(2) == 0)
        {
            Fill(file, pages);
            long left = NativeHandler.Restore(range, file, next);
            for (int page = 0; page < pages; page++)
            {
                if (left != 0 || next->Word != 0 || start[page * s_page] != page + 1)
                {
                    failures.Add(
                        $"restored {pages} pages, {kept} kept: {left} are left, the word is {next->Word}, "
                            + $"page {page} has {start[page * s_page]}");
                }
            }
        }

        NativeHandler.Unregister(range);
        Libc.Unmap(start, length);
        Mark(start, length);
        NativeMemory.AlignedFree(state);
        NativeMemory.AlignedFree(next);
        Libc.Close(file);
    }

    /// <summary>Loads from every page: what the file has, or zero.</summary>
    private void Touch(Job job)
    {
        for (int page = job.Pages - 1; page >= 0; page--)
        {
            byte seen = Volatile.Read(ref ((byte*)job.Start)[page * s_page]); // Mapped and registered until both threads are through.
            if (seen != (page < job.Kept ? page + 1 : 0))
            {
                failures.Add($"page {page} of {job.Pages}, {job.Kept} kept, has {seen}");
            }
        }

        Interlocked.Add(ref s_lost, job.Pages - job.Kept);
    }

    private static void Fill(int file, int pages)
    {
        Span<byte> content = stackalloc byte[s_page];
        for (int page = 0; page < pages; page++)
        {
            content.Fill((byte)(page + 1));
            Libc.Write(file, content, (long)page * s_page);
        }
    }

    /// <summary>Takes the addresses that were just given back, if nobody else was faster.</summary>
    private void Mark(byte* start, long length)
    {
        byte* memory = Libc.MapAnonymous(start, length, Libc.MAP_FIXED_NOREPLACE);
        if (memory == null)
        {
            return;
        }

        Interlocked.Increment(ref s_reused);
        byte mark = (byte)_random.Next(100, 200);
        new Span<byte>(memory, (int)length).Fill(mark); // In bounds: just mapped.
        _marks.Enqueue(((nint)memory, length, mark));
        if (_marks.Count > MaxMarks)
        {
            CheckMark();
        }
    }

    private void CheckMark()
    {
        (nint start, long length, byte mark) = _marks.Dequeue();
        if (new ReadOnlySpan<byte>((void*)start, (int)length).ContainsAnyExcept(mark))
        {
            failures.Add($"a page that is nobody's was replaced, at {start:x}");
        }

        Libc.Unmap((byte*)start, length);
    }

    private sealed record Job(nint Start, int Pages, int Kept);
}
