using System.Diagnostics;
using System.Globalization;
using DirectMap.Mapping;

namespace DirectMap.Tests.Children;

/// <summary>Two threads, two stores, two loads: the shortest program in which a missing barrier shows.</summary>
internal static class LitmusCases
{
    /// <summary>
    /// One thread opens a scope (publishes its slot, reads the word), another begins a drain (sets the word, reads the slots). That the
    /// scope is let open and the drainer does not see it must not happen. Arguments: "barrier", or "none" for the control without the
    /// process-wide barrier; milliseconds at most: the first miss ends it. Exit code 0: it did not; 3: it did.
    /// </summary>
    internal static int OpenAgainstDrain(string[] arguments)
    {
        bool barrier = arguments[0] == "barrier";
        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        object region = new();
        Shared shared = new();

        Thread opener = new(() =>
        {
            for (long round = 1; ; round++)
            {
                SpinUntil(ref shared.Round, round);
                if (shared.End)
                {
                    return;
                }

                RegionMapping mapping = shared.Mapping!;
                for (long i = round % 61; i >= 0; i--)
                {
                    _ = mapping.State; // The word's line is at hand, so that its load need not wait; the slot's line is the drainer's.
                }

                ScopeSlot slot = ScopeSlot.Open(region, out long number);
                bool letOpen = mapping.State == RegionWord.Active;
                shared.LetOpen = letOpen;
                Volatile.Write(ref shared.OpenerDone, round);
                SpinUntil(ref shared.DrainerDone, round);
                slot.Close(number);
                Volatile.Write(ref shared.OpenerClosed, round);
            }
        });
        opener.Start();

        long rounds = 0;
        long missed = 0;
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration && missed == 0)
        {
            rounds++;
            RegionMapping mapping = new();
            shared.Mapping = mapping;
            Volatile.Write(ref shared.Round, rounds);
            for (long i = rounds % 67; i >= 0; i--)
            {
                _ = Volatile.Read(ref shared.End);
            }

            if (barrier)
            {
                mapping.BeginRelease();
            }
            else
            {
                SetWordOnly(mapping);
            }

            bool seen = ScopeSlot.AnyOpen(region);
            SpinUntil(ref shared.OpenerDone, rounds);
            if (shared.LetOpen && !seen)
            {
                missed++;
            }

            Volatile.Write(ref shared.DrainerDone, rounds);
            SpinUntil(ref shared.OpenerClosed, rounds);
            mapping.Unmap();
        }

        shared.End = true;
        Volatile.Write(ref shared.Round, rounds + 1);
        opener.Join();
        Console.WriteLine($"{arguments[0]}: {rounds} rounds, {missed} open scopes missed");
        return missed != 0 ? 3 : rounds < 1000 ? 2 : 0;
    }

    private static unsafe void SetWordOnly(RegionMapping mapping) => Volatile.Write(ref *mapping.Word, (int)RegionWord.Releasing);

    private static void SpinUntil(ref long field, long value)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref field) < value)
        {
            if (spin.NextSpinWillYield)
            {
                spin.Reset();
                Thread.Yield();
            }

            spin.SpinOnce(-1);
        }
    }

    private sealed class Shared
    {
        internal long Round;
        internal long OpenerDone;
        internal long DrainerDone;
        internal long OpenerClosed;
        internal RegionMapping? Mapping;
        internal bool LetOpen;
        internal bool End;
    }
}
