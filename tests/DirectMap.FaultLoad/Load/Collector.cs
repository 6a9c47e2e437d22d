using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>
/// Collects garbage all the time, in every mode, and makes some: threads are suspended and their stacks walked wherever they are.
/// </summary>
internal static class Collector
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(3);
    private static readonly GCCollectionMode[] s_modes =
    [
        GCCollectionMode.Default, GCCollectionMode.Forced, GCCollectionMode.Optimized, GCCollectionMode.Aggressive
    ];

    internal static void Run(Actor actor, Tally tally, Func<bool> isOver)
    {
        Random random = new(11);
        byte[][] kept = new byte[256][];
        using ManualResetEventSlim never = new();
        while (!isOver())
        {
            GCCollectionMode mode = s_modes[random.Next(s_modes.Length)];
            int generation = mode == GCCollectionMode.Aggressive ? GC.MaxGeneration : random.Next(GC.MaxGeneration + 1);
            bool isBlocking = mode == GCCollectionMode.Aggressive || random.Next(2) == 0;
            bool isCompacting = mode == GCCollectionMode.Aggressive || (isBlocking && random.Next(2) == 0);
            actor.Step($"collecting generation {generation}, {mode}{(isBlocking ? "" : ", in the background")}");
            GC.Collect(generation, mode, isBlocking, isCompacting);
            tally.AddCollection();
            actor.Step("allocating");
            for (int i = 0; i < 200; i++)
            {
                kept[random.Next(kept.Length)] = new byte[random.Next(100) == 0 ? 100_000 : random.Next(2000)];
            }

            never.Wait(s_pause);
        }
    }
}
