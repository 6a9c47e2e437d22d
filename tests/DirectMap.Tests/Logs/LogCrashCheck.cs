using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>
/// Opens a log from everything that a crash may leave of it, at each point of a script, and compares what is found with what was appended:
/// a prefix, with all that had been reported durable. From some of the states it goes on: another life, and another crash.
/// </summary>
internal sealed class LogCrashCheck
{
    private readonly HashSet<ulong> _seen = [];
    private readonly HashSet<(ulong, LogScript, long, long)> _checked = [];
    private readonly Random _random;
    private readonly int _statesOfPoint;
    private readonly int _lives;
    private readonly int _unit;

    /// <param name="seed">For what is chosen at random.</param>
    /// <param name="statesOfPoint">How many states of a point are tried at most.</param>
    /// <param name="lives">How many crashes come one after another at most.</param>
    /// <param name="unit">Bytes that are flushed together.</param>
    internal LogCrashCheck(int seed, int statesOfPoint = 4, int lives = 3, int unit = 64)
    {
        _random = new Random(seed);
        _statesOfPoint = statesOfPoint;
        _lives = lives;
        _unit = unit;
    }

    /// <summary>How many different states were opened.</summary>
    internal int States => _seen.Count;

    /// <summary>What was found with torn records, with nothing behind the last one, and so on.</summary>
    internal Dictionary<PersistentLogStop, int> Stops { get; } = [];

    /// <summary>The first state that was not opened as it should be; null when all were.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Checks a script, from a point of its events on.</summary>
    internal void Run(LogScript script, int from, int life = 1)
    {
        CrashStates states = new(script.Memory, _random.Next());
        while (states.Step() && Failure is null)
        {
            if (states.Point < from)
            {
                continue;
            }

            (long durable, long first) = (script.DurableAt(states.Point), script.FirstAt(states.Point));
            foreach (ulong[] state in states.Here(life == 1 ? _statesOfPoint : 3, IsNew))
            {
                Check(state, script, states.Point, life);
                if (Failure is not null)
                {
                    return;
                }
            }

            // A state that was fine before a record was reported durable may not be so afterwards.
            bool IsNew(ulong hash)
            {
                _seen.Add(hash);
                return _checked.Add((hash, script, durable, first));
            }
        }
    }

    private void Check(ulong[] state, LogScript script, int point, int life)
    {
        long durable = script.DurableAt(point);
        string where = $"life {life}, event {point} of {script.Memory.Events.Count}, durable {durable}";
        bool goesOn = life < _lives && _random.Next(life == 1 ? 40 : 12) == 0;
        long last;
        try
        {
            LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Open(
                new CrashMemory(goesOn ? [.. state] : state, remembers: false).Log);
            Stops[log.Recovery.StoppedAt] = Stops.GetValueOrDefault(log.Recovery.StoppedAt) + 1;
            last = log.LastSequence;
            Failure = Compare(log, script, durable, script.FirstAt(point));
        }
        catch (PersistentLogException exception)
        {
            Failure = $"{exception.Error}: {exception.Message}";
            last = -1;
        }

        if (Failure is not null)
        {
            Failure = $"{where}: {Failure}";
            return;
        }

        if (goesOn)
        {
            // The opening itself may be interrupted, too; and the log goes on with records that end where those that were left
            // behind did, or elsewhere.
            LogScript next = LogScript.Open(new CrashMemory(state, _unit, _random.Next()), script.Records, durable, _random.Next());
            if (_random.Next(2) == 0 && script.Records.TryGetValue(last + 1, out byte[]? again)
                && next.Log.FreeBytes >= RecordHead.SizeOf(again.Length, next.Log.Alignment))
            {
                next.Append(again);
            }

            next.Run(2, 60);
            Run(next, 0, life + 1);
        }
    }

    /// <returns>What is wrong; null for nothing.</returns>
    private static string? Compare(LogEngine<RecordedMemory> log, LogScript script, long durable, long first)
    {
        if (log.LastSequence < durable)
        {
            return $"the last record is {log.LastSequence}";
        }

        if (log.Tail.Sequence > first)
        {
            return $"the oldest record is {log.Tail.Sequence}, and {first} should be there";
        }

        LogCursor cursor = new();
        log.Seek(cursor, log.Tail.Sequence);
        for (long sequence = log.Tail.Sequence; sequence <= log.LastSequence; sequence++)
        {
            if (!log.TryRead(cursor, withUndurable: false) || !script.Records.TryGetValue(sequence, out byte[]? expected)
                || !cursor.Bytes.Span.SequenceEqual(expected))
            {
                return $"record {sequence} of {log.LastSequence} is not what was appended";
            }
        }

        return null;
    }
}
