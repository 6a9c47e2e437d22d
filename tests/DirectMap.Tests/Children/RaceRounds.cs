using System.Diagnostics;

namespace DirectMap.Tests.Children;

/// <summary>Workers that begin together, over and over, and one thread that does something to them in the middle.</summary>
internal sealed class RaceRounds(Action<int> work, TimeSpan duration)
{
    internal const int Workers = 6;
    internal const int Enough = 100; // on a busy machine they take longer than the time that is asked for

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Barrier _barrier = new(Workers + 1);
    private readonly Random _random = new(1);
    private bool _end;

    /// <param name="prepare">Before the workers begin.</param>
    /// <param name="interfere">At some moment while they work, which must end by it.</param>
    /// <param name="judge">When all have ended: whether there is to be another round.</param>
    /// <returns>How many rounds there were.</returns>
    internal long Run(Action prepare, Action interfere, Func<bool> judge)
    {
        Thread[] threads = [.. Enumerable.Range(0, Workers).Select(worker => new Thread(() => WorkToTheEnd(worker)))];
        Array.ForEach(threads, thread => thread.Start());
        Stopwatch watch = Stopwatch.StartNew();
        long rounds = 0;
        bool goesOn = true;
        while (goesOn && (watch.Elapsed < duration || rounds < Enough) && watch.Elapsed < Patience)
        {
            prepare();
            _barrier.SignalAndWait();
            Thread.SpinWait(_random.Next(2000));
            interfere();
            _barrier.SignalAndWait();
            goesOn = judge();
            rounds++;
        }

        _end = true;
        _barrier.SignalAndWait();
        Array.ForEach(threads, thread => thread.Join());
        _barrier.Dispose();
        return rounds;
    }

    private void WorkToTheEnd(int worker)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_end)
            {
                return;
            }

            work(worker);
            _barrier.SignalAndWait();
        }
    }
}
