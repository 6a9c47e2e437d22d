using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Regions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>Random mappings of random files, beside what the rules say in the plainest way, in numbers that nothing overflows.</summary>
public sealed class MapPlanModelTests
{
    private const int Cases = 50_000;

    private static readonly MapMode[] s_modes = Enum.GetValues<MapMode>();

    private static long Page => Environment.SystemPageSize;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_plan_and_every_refusal_is_as_the_plain_rules_say(int seed)
    {
        Random random = new(seed);
        Dictionary<string, int> outcomes = [];
        for (int at = 0; at < Cases; at++)
        {
            Case asked = Next(random);

            string expected = Expected(asked);
            Assert.True(expected == Outcome(asked), $"{asked}: expected {expected}, and it is {Outcome(asked)}");
            string kind = expected.Split(' ')[0];
            outcomes[kind] = outcomes.GetValueOrDefault(kind) + 1;
        }

        // Each way it may end has been seen, and often enough.
        Assert.Equal(8, outcomes.Count);
        Assert.All(outcomes, kind => Assert.True(kind.Value > Cases / 500, $"{kind}"));
    }

    private static string Outcome(Case asked)
    {
        MapTarget target = new(
            "/plan",
            asked.Opened,
            new Statx.FileStatus(
                default, asked.Size, 0, 0, asked.IsImmutable ? Statx.StatxAttributes.STATX_ATTR_IMMUTABLE : 0, 0),
            new FileSystem("testfs", BlockMapStability.Stable, LayoutUnit: asked.Unit),
            default,
            new ExtentJudge(asked.IsLiked ? FaultPolicies.Strict : new Refusal(), null));
        try
        {
            MapOptions options = new()
            {
                Mode = asked.Mode,
                Range = Ranges.Of(asked.Offset, asked.Length),
                Access = asked.Access,
                LeaseCoverage = LeaseCoverage.MappedRange,
            };
            MapPlan plan = MapPlan.Of(options, target);
            return $"planned {plan.Range.Offset} {plan.Range.Length} {plan.Access} {plan.IsDirect} {HoldsWholeUnits(plan, asked.Unit)}";
        }
        catch (ArgumentOutOfRangeException)
        {
            return "argument-out-of-range";
        }
        catch (ArgumentException)
        {
            return "argument";
        }
        catch (UnauthorizedAccessException exception)
        {
            return Errno.NameOf(exception.HResult);
        }
        catch (MapRefusedException refused)
        {
            return refused.Reason.ToString();
        }
    }

    /// <summary>The lease is on the units that the range touches, and on no other, or ends with the last byte there can be.</summary>
    private static bool HoldsWholeUnits(MapPlan plan, long unit)
    {
        unit = Math.Max(unit, Page);
        FileRange lease = plan.LeaseRange;
        bool endsWell = (lease.End % unit == 0 && (Int128)lease.End - plan.Range.End < unit)
            || (lease.End == long.MaxValue && (Int128)plan.Range.End + unit > long.MaxValue);
        return lease.Contains(plan.Range) && lease.Offset % unit == 0 && plan.Range.Offset - lease.Offset < unit && endsWell;
    }

    private static string Expected(Case asked)
    {
        bool endsWithFile = asked.Length is not { } given || (Int128)asked.Offset + given == long.MaxValue;
        Int128 length = endsWithFile ? Int128.Max(0, (Int128)asked.Size - asked.Offset) : asked.Length!.Value;
        Int128 end = asked.Offset + length;
        MappingAccess access = asked.Access ?? (asked.Opened == FileAccess.Read ? MappingAccess.Read : MappingAccess.ReadWrite);
        bool writes = access == MappingAccess.ReadWrite;
        bool isDirect = asked.Mode != MapMode.Ordinary;
        bool isNoRange = asked.Offset < 0 || asked.Length < 0 || (Int128)asked.Offset + (asked.Length ?? 0) > long.MaxValue
            || (asked.Offset % Page == 0 && asked.Length == 0);
        return (isNoRange, asked.Offset % Page != 0) switch
        {
            (true, _) => "argument-out-of-range",
            (_, true) => "argument",
            _ when writes && asked.Opened == FileAccess.Read => "EACCES",
            _ when writes && asked.IsImmutable => "EPERM",
            _ when isDirect && !asked.IsLiked => nameof(RefusalReason.EncodedExtent),
            _ when asked.Mode == MapMode.Direct => nameof(RefusalReason.NotDaxCapable),
            _ when length == 0 || end > asked.Size => nameof(RefusalReason.BeyondEndOfFile),
            _ => $"planned {asked.Offset} {length} {access} {isDirect} True",
        };
    }

    private static Case Next(Random random) => new(
        s_modes[random.Next(s_modes.Length)],
        Number(random) is var offset && random.Next(8) != 0 && offset >= 0 ? offset / Page * Page : offset,
        random.Next(3) == 0 ? null : Number(random),
        Math.Max(0, Number(random)),
        random.Next(3) switch { 0 => null, 1 => MappingAccess.Read, _ => MappingAccess.ReadWrite },
        random.Next(4) == 0 ? FileAccess.Read : FileAccess.ReadWrite,
        IsImmutable: random.Next(8) == 0,
        IsLiked: random.Next(8) != 0,
        Unit: Page << random.Next(6));

    /// <summary>Numbers around those where something changes: 0, pages, and the last byte there can be.</summary>
    private static long Number(Random random)
    {
        long near = random.Next(6) switch
        {
            0 => 0,
            1 => long.MaxValue,
            2 => long.MaxValue / Page * Page,
            3 => long.MaxValue / 2,
            _ => random.Next(64) * Page,
        };
        long step = random.Next(4) switch { 0 => 0, 1 => random.Next(-2, 3), _ => random.Next(-2, 3) * Page };
        return near > long.MaxValue - Math.Max(0, step) ? near : near + step;
    }

    /// <summary>One mapping that is asked for, and the file.</summary>
    private sealed record Case(
        MapMode Mode, long Offset, long? Length, long Size, MappingAccess? Access, FileAccess Opened,
        bool IsImmutable, bool IsLiked, long Unit);

    private sealed class Refusal : IFaultPolicy
    {
        public PolicyDecision EvaluateFile(in FileFacts file) => PolicyDecision.Refuse(RefusalReason.EncodedExtent, "no");

        public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access) => PolicyDecision.Allow;
    }
}
