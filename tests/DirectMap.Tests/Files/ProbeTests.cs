using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>A probe answers what a mapping would.</summary>
public abstract class ProbeTests(FileBackingKind backing) : MapTest(backing)
{
    private const int Pages = 8;

    private static readonly MapMode[] s_modes = Enum.GetValues<MapMode>();

    [Fact]
    public void It_answers_what_Map_does_of_random_files_with_random_options_and_changes_nothing()
    {
        Dictionary<string, int> seen = [];
        for (int seed = 0; seed < 150; seed++)
        {
            Random random = new(seed);
            string name = $"file{seed}";
            Make(name, random);
            DirectFileOptions opened = Options with { Access = random.Next(4) == 0 ? FileAccess.Read : FileAccess.ReadWrite };
            using DirectFile file = DirectFile.Open(Folder.File(name), opened);
            using DirectFile other = Open(name);
            using ILayoutLease? inTheWay = random.Next(5) == 0
                ? other.AcquireLease(new LeaseOptions { Mode = random.Next(2) == 0 ? LeaseMode.Exclusive : LeaseMode.Shared })
                : null;
            for (int i = 0; i < 20; i++)
            {
                string answer = Compare(file, Random(random));
                seen[answer] = seen.GetValueOrDefault(answer) + 1;
            }
        }

        Assert.Superset(
            new HashSet<string>
            {
                "mappable",
                nameof(MapRefusedException),
                nameof(UnauthorizedAccessException),
                nameof(LeaseConflictException),
                nameof(ArgumentException),
                nameof(ArgumentOutOfRangeException),
            },
            seen.Keys.ToHashSet());
    }

    [Fact]
    public void What_was_mappable_can_be_refused_when_it_is_mapped()
    {
        using DirectFile file = Create();
        MapProbe before = file.Probe();

        file.PunchHole(0, PageSize);

        Assert.True(before.IsMappable);
        Assert.Equal("mappable", before.ToString());
        before.ThrowIfRefused();
        Assert.Equal(RefusalReason.Hole, Assert.Throws<MapRefusedException>(() => file.Map()).Reason);
    }

    [Fact]
    public void A_refusal_is_thrown_as_it_is_as_often_as_it_is_asked_for()
    {
        using DirectFile file = Create();
        file.PunchHole(0, PageSize);

        MapProbe probe = file.Probe();

        int[] depths = new int[3];
        for (int i = 0; i < depths.Length; i++)
        {
            MapRefusedException thrown = Assert.Throws<MapRefusedException>(probe.ThrowIfRefused);
            Assert.Same(probe.Refusal, thrown);
            Assert.Contains($".{nameof(DirectFile.Probe)}(", thrown.StackTrace, StringComparison.Ordinal); // where it was refused
            depths[i] = thrown.StackTrace!.Split('\n').Length;
        }

        Assert.Single(depths.Distinct());
        Assert.Equal(RefusalReason.Hole, probe.Reason);
        Assert.StartsWith("MapRefusedException: ", probe.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_that_are_wrong_and_a_file_that_is_disposed_are_thrown()
    {
        DirectFile file = Create();

        Assert.Throws<ArgumentException>(() => file.Probe(MapOptions.Default with { Range = FileRange.From(1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Probe(MapOptions.Default with { Range = default }));
        Assert.Throws<ArgumentException>(() => file.Probe(MapOptions.Ordinary with { OnBreak = (_, _) => { } }));

        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Probe());
    }

    /// <summary>Also what they throw.</summary>
    private string Compare(DirectFile file, MapOptions options)
    {
        string before = StateOf(file);
        Exception? thrown = null;
        MapProbe? probe = null;
        try
        {
            probe = file.Probe(options);
        }
        catch (ArgumentException exception)
        {
            thrown = exception;
        }

        Assert.Equal(before, StateOf(file));
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
        Exception? expected = Record.Exception(() => file.Map(options).Dispose());
        Exception? actual = thrown ?? probe!.Refusal;
        Assert.Equal(
            (expected?.GetType(), expected?.HResult, expected?.Message), (actual?.GetType(), actual?.HResult, actual?.Message));
        Assert.Equal(expected is null, probe?.IsMappable ?? false);
        Assert.Equal((expected as MapRefusedException)?.Reason ?? RefusalReason.None, probe?.Reason ?? RefusalReason.None);
        return actual?.GetType().Name ?? "mappable";
    }

    private static string StateOf(DirectFile file)
    {
        byte[] content = new byte[file.Length];
        file.Read(content, 0);
        return $"{content.Length} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content))} "
            + $"{string.Join(", ", file.GetExtents(new FileRange(0, 2 * Pages * PageSize)))} {string.Join(", ", file.GetLeases())}";
    }

    /// <summary>Written pages, holes, unwritten ones, and an end within a page or not.</summary>
    private void Make(string name, Random random)
    {
        using DirectFile file = Create(Pages * PageSize, name);
        switch (random.Next(5))
        {
            case 0:
                file.PunchHole(random.Next(Pages) * PageSize, PageSize);
                break;
            case 1:
                file.SetLength(random.Next((2 * Pages * PageSize) + 1));
                break;
            case 2:
                file.Allocate(Pages * PageSize, random.Next(1, 3 * PageSize));
                break;
            default:
                break;
        }

        file.Flush();
    }

    private static MapOptions Random(Random random) => MapOptions.Default with
    {
        Mode = s_modes[random.Next(s_modes.Length)],
        Range = Ranges.Of(
            random.Next(12) switch { 0 => 100, < 6 => 0, _ => random.Next(Pages + 2) * PageSize },
            random.Next(10) switch { 0 => 0, < 4 => null, _ => random.Next(1, Pages * PageSize) }),
        Access = random.Next(3) switch { 0 => null, 1 => MappingAccess.Read, _ => MappingAccess.ReadWrite },
        PolicyCheck = random.Next(4) == 0 ? PolicyCheck.AtAccess : PolicyCheck.AtMap,
        LeaseMode = random.Next(4) == 0 ? LeaseMode.Exclusive : LeaseMode.Shared,
        LeaseCoverage = random.Next(2) == 0 ? LeaseCoverage.MappedRange : LeaseCoverage.WholeFile,
        RequiredGranularity = random.Next(6) == 0 ? PersistGranularity.Byte : null,
        FaultPolicy = random.Next(4) == 0 ? FaultPolicies.Permissive : null,
    };
}
