namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// What it costs others, and the holder, that a file is guarded by fanotify's events (<see cref="ProtectionLevel.Proved"/>), beside bare
/// loops that do no more than such a guard has to. The other process's calls and the threads that read events are on one processor.
/// </summary>
internal static class GuardTargets
{
    private const int Length = 1 << 20;
    private const int Page = 4096;
    private const int Samples = 100;
    private const int Unheld = 16; // calls that nobody holds are short, so the clock is looked at once for some
    private const string Engine = "DirectMap: guar"; // what the system keeps of its threads' names

    private static readonly DirectFileOptions s_none = DirectFileOptions.Default with { Guard = GuardOptions.None };
    private static readonly DirectFileOptions s_proved =
        DirectFileOptions.Default with { Guard = GuardOptions.Required(ProtectionLevel.Proved) };

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using ForeignCalls others = ForeignCalls.Start(Processors.Last);
        using Place place = new(Place.Disk, Length), bare = new(Place.Disk, Length);
        place.File.Dispose(); // Nobody has it open: so it can be proved.
        bare.File.Dispose();
        yield return Held(paired, others, place.Path, bare.Path);
        yield return HeldOfWriter(paired, others, place.Path, bare.Path);
        yield return IdentifiedRead(paired, others, place.Path, bare.Path);
        yield return IdentifiedWrite(paired, others, place.Path, bare.Path);
        yield return Beside(paired, others, place.Path, bare.Path, "pread", ForeignCall.Read);
        yield return Beside(paired, others, place.Path, bare.Path, "pwrite", ForeignCall.Write);
        yield return Beside(paired, others, place.Path, bare.Path, "open and close", ForeignCall.OpenAndClose);
        foreach (Line line in GuardHolderTargets.Measure(paired, place.Path, bare.Path, s_proved, s_none)
            .Concat(Break(paired, others, place.Path, bare.Path)))
        {
            yield return line;
        }
    }

    /// <summary>Opens a file with the guard, and has the threads run where others' calls are made.</summary>
    internal static DirectFile Open(string path)
    {
        DirectFile file = DirectFile.Open(path, s_proved);
        if (Processors.PinNamed(Engine, Processors.Last) == 0)
        {
            file.Dispose();
            throw new IOException($"no thread of the guard's is named '{Engine}'");
        }

        return file;
    }

    private static Line Held(Paired paired, ForeignCalls others, string path, string barePath)
    {
        using DirectFile file = Open(path);
        return Line.AtMost(
            "a foreign pread, to a bare loop",
            1.3,
            Compare(paired, others, ForeignCall.Read, path, barePath, BareAnswer.AtOnce, others.OpenToRead));
    }

    /// <summary>Who has it open for writing may map it writable, so each of its calls has to be looked at.</summary>
    private static Line HeldOfWriter(Paired paired, ForeignCalls others, string path, string barePath)
    {
        using DirectFile file = Open(path);
        return Line.Reported(
            "the same by who has it open for writing",
            Compare(paired, others, ForeignCall.Read, path, barePath, BareAnswer.AtOnce, others.Open));
    }

    private static Line IdentifiedRead(Paired paired, ForeignCalls others, string path, string barePath)
    {
        using DirectFile file = Open(path);
        using MappedRegion region = file.Map();
        Line line = Line.AtMost(
            "a foreign pread under a lease, to one that asks",
            1.3,
            Compare(paired, others, ForeignCall.Read, path, barePath, BareAnswer.Identified, others.OpenToRead));
        return region.State == RegionState.Active ? line : throw new IOException("a pread has broken the lease");
    }

    private static Line IdentifiedWrite(Paired paired, ForeignCalls others, string path, string barePath)
    {
        using DirectFile file = Open(path);
        using MappedRegion region = file.Map(
            MapOptions.Default with { Range = new FileRange(Length / 2, Page), LeaseCoverage = LeaseCoverage.MappedRange });
        Line line = Line.AtMost(
            "a foreign pwrite beside a lease, to the same",
            1.3,
            Compare(paired, others, ForeignCall.Write, path, barePath, BareAnswer.Identified, others.Open));
        return region.State == RegionState.Active ? line : throw new IOException("a pwrite elsewhere has broken the lease");
    }

    /// <summary>A guarded file that is open, and one with a bare loop.</summary>
    private static Comparison Compare(
        Paired paired, ForeignCalls others, ForeignCall call, string path, string barePath, BareAnswer answer, Func<string, int> open)
    {
        using BareGuard guard = new(barePath, answer, Processors.Last);
        int file = open(path), bare = open(barePath);
        Comparison figure = paired.CompareTold(
            () => others.Time(call, file, Samples, each: 1),
            () => others.Time(call, bare, Samples, each: 1));
        others.Close(file);
        others.Close(bare);
        return figure;
    }

    /// <summary>
    /// A file of the same file system that nobody guards, while another is guarded, and while none is. It is opened anew for each slice,
    /// since the kernel decides then what is asked at each call.
    /// </summary>
    private static Line Beside(Paired paired, ForeignCalls others, string path, string besidePath, string name, ForeignCall call)
    {
        double Time()
        {
            int file = others.Open(besidePath);
            double time = others.Time(call, file, Samples, Unheld);
            others.Close(file);
            return time;
        }

        double TimeBeside()
        {
            using DirectFile guarded = Open(path);
            return Time();
        }

        double TimeBesideBare()
        {
            using BareGuard guarded = new(path, BareAnswer.AtOnce, Processors.Last);
            return Time();
        }

        Comparison bare = paired.CompareTold(TimeBesideBare, Time);
        return Line.AtMost(
            $"a foreign {name} elsewhere, to no guard",
            1.05,
            paired.CompareTold(TimeBeside, Time),
            Line.Text($"by a bare mark {bare.Ratio:0.00}x"));
    }

    /// <summary>The holder lets go in his callback. In turn with bare loops: by a thread of its own, and by the pool.</summary>
    private static IEnumerable<Line> Break(Paired paired, ForeignCalls others, string path, string barePath)
    {
        using DirectFile file = Open(path);
        using IDisposable pinned = Processors.PinAll(Processors.Last);
        MapOptions willing = MapOptions.Default with
        {
            OnBreak = (region, _) => region.Dispose(),
            WhenUnavailable = WhenUnavailable.Wait,
        };
        int foreign = others.Open(path);
        Comparison hops = Compare(BareAnswer.HandedBack), pool = Compare(BareAnswer.HandedToPool);
        others.Close(foreign);
        yield return Line.AtMost("a willing holder, to a bare loop of two hops", 2, hops);
        yield return Line.Reported("the same, to two hops by the thread pool", pool);

        Comparison Compare(BareAnswer answer)
        {
            using BareGuard guard = new(barePath, answer, Processors.Last);
            int bare = others.Open(barePath);
            Comparison figure = paired.CompareTold(TimeOfBreak, () => others.Time(ForeignCall.Write, bare, 1, each: 1));
            others.Close(bare);
            return figure;
        }

        double TimeOfBreak()
        {
            using MappedRegion region = file.Map(willing);
            double time = others.Time(ForeignCall.Write, foreign, 1, each: 1);
            return region.State == RegionState.Active ? throw new IOException("a pwrite has broken no lease") : time;
        }
    }
}
