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
        TimeSpan duration = TimeSpan.FromMilliseconds(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        Litmus litmus = new(barrier: arguments[0] == "barrier");
        Thread opener = new(litmus.OpenToTheEnd);
        opener.Start();

        long rounds = 0;
        long missed = 0;
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration && missed == 0)
        {
            missed += litmus.Drain(++rounds) ? 0 : 1;
        }

        litmus.EndAfter(rounds);
        opener.Join();
        Console.WriteLine($"{arguments[0]}: {rounds} rounds, {missed} open scopes missed");
        return missed != 0 ? 3 : rounds < 1000 ? 2 : 0;
    }

    /// <summary>What the two threads share, and what each does in a round.</summary>
    private sealed class Litmus(bool barrier)
    {
        private readonly object _region = new();
        private long _round;
        private long _openerDone;
        private long _drainerDone;
        private long _openerClosed;
        private RegionMapping? _mapping;
        private bool _letOpen;
        private bool _end;

        internal void OpenToTheEnd()
        {
            for (long round = 1; ; round++)
            {
                SpinUntil(ref _round, round);
                if (_end)
                {
                    return;
                }

                Open(round);
            }
        }

        private void Open(long round)
        {
            RegionMapping mapping = _mapping!;
            for (long i = round % 61; i >= 0; i--)
            {
                _ = mapping.Life; // The word's line is at hand, so that its load need not wait; the slot's line is the drainer's.
            }

            ScopeSlot slot = ScopeSlot.Open(_region, out long number);
            bool letOpen = mapping.Life == MappingLife.Active;
            _letOpen = letOpen;
            Volatile.Write(ref _openerDone, round);
            SpinUntil(ref _drainerDone, round);
            slot.Close(number);
            Volatile.Write(ref _openerClosed, round);
        }

        /// <returns>Whether a scope that was let open was seen.</returns>
        internal bool Drain(long round)
        {
            RegionMapping mapping = new();
            _mapping = mapping;
            Volatile.Write(ref _round, round);
            for (long i = round % 67; i >= 0; i--)
            {
                _ = Volatile.Read(ref _end);
            }

            if (barrier)
            {
                mapping.BeginRelease();
            }
            else
            {
                SetWordOnly(mapping);
            }

            bool seen = ScopeSlot.AnyOpen(_region);
            SpinUntil(ref _openerDone, round);
            bool missed = _letOpen && !seen;
            Volatile.Write(ref _drainerDone, round);
            SpinUntil(ref _openerClosed, round);
            mapping.Unmap();
            return !missed;
        }

        internal void EndAfter(long rounds)
        {
            _end = true;
            Volatile.Write(ref _round, rounds + 1);
        }

        private static unsafe void SetWordOnly(RegionMapping mapping) => Volatile.Write(ref *mapping.Word, (int)MappingLife.Releasing);

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
    }
}
