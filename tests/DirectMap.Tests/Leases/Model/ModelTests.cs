using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Outcome = DirectMap.Tests.Leases.Model.LeaseModel.Outcome;

namespace DirectMap.Tests.Leases.Model;

/// <summary>
/// Random sequences of everything that can happen to a coordinator, against a simple model. The seed is printed;
/// DIRECTMAP_MODEL_SEED runs one again.
/// </summary>
public sealed class ModelTests(ITestOutputHelper output)
{
    private const int Sequences = 10_000;

    private static readonly Arbitrary<ModelCommand[]> s_sequences = Arb.From(
        Gen.Frequency(
            (30, Commands(ModelAction.Acquire)),
            (12, Commands(ModelAction.Release)),
            (6, Commands(ModelAction.Upgrade)),
            (3, Commands(ModelAction.Downgrade)),
            (2, Commands(ModelAction.GiveUpRequest)),
            (16, Commands(ModelAction.Break)),
            (10, Commands(ModelAction.Join)),
            (3, Commands(ModelAction.GiveUpBreak)),
            (14, Commands(ModelAction.Finish)),
            (6, Commands(ModelAction.TimePasses)),
            (2, Commands(ModelAction.ChangeBreakTime))).ArrayOf(),
        Shorter);

    [Fact]
    public void The_coordinator_does_what_the_model_says()
    {
        ulong seed = Environment.GetEnvironmentVariable("DIRECTMAP_MODEL_SEED") is { Length: > 0 } given
            ? ulong.Parse(given, System.Globalization.CultureInfo.InvariantCulture)
            : (ulong)Random.Shared.NextInt64();

        Dictionary<Outcome, int> outcomes = Run(seed, Sequences);

        output.WriteLine(
            $"model seed {seed}: {Sequences} sequences, "
                + $"{string.Join(", ", outcomes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"))}");
        foreach (Outcome outcome in Enum.GetValues<Outcome>().Except([Outcome.Pending]))
        {
            Assert.True(outcomes.GetValueOrDefault(outcome) >= 20, $"{outcome} came too rarely to be tested");
        }
    }

    [Theory] // A run that fails prints its seed: it goes here.
    [InlineData(1)] // finds a breaker that overtakes another one (broken on purpose)
    public void Seeds_that_found_something_find_nothing_more(ulong seed) => Run(seed, 500);

    [Fact] // And its sequence, made as short as possible: it goes here.
    public void Sequences_that_found_something_find_nothing_more()
    {
        // Two breakers that give up at the same moment: the second may be granted the right by the first, and then has it. (The model was
        // mistaken; moments are all different now.)
        ModelRun.Of(
        [
            new(ModelAction.Acquire, 516, 269, 799, 595),
            new(ModelAction.Break, 267, 895, 674, 575),
            new(ModelAction.Join, 644, 274, 828, 434),
            new(ModelAction.Join, 700, 340, 443, 542),
            new(ModelAction.TimePasses, 291, 797, 843, 377),
        ]);
    }

    private static Dictionary<Outcome, int> Run(ulong seed, int sequences)
    {
        Dictionary<Outcome, int> outcomes = [];
        Config config = Config.QuickThrowOnFailure
            .WithMaxTest(sequences)
            .WithStartSize(5)
            .WithEndSize(60)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)))
            .WithName($"seed {seed}");
        Prop.ForAll(s_sequences, commands =>
        {
            foreach ((Outcome outcome, int count) in ModelRun.Of(commands).Outcomes)
            {
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + count;
            }
        }).Check(config);
        return outcomes;
    }

    private static Gen<ModelCommand> Commands(ModelAction action) =>
        from a in Gen.Choose(0, 999)
        from b in Gen.Choose(0, 999)
        from c in Gen.Choose(0, 999)
        from d in Gen.Choose(0, 999)
        select new ModelCommand(action, a, b, c, d);

    /// <summary>Shorter sequences first in large, then in small steps.</summary>
    private static IEnumerable<ModelCommand[]> Shorter(ModelCommand[] commands)
    {
        for (int size = commands.Length / 2; size >= 1; size /= 2)
        {
            for (int at = 0; at + size <= commands.Length; at += size)
            {
                yield return [.. commands[..at], .. commands[(at + size)..]];
            }
        }
    }
}
