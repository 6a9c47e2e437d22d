using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>What is done to a log, with what had been reported at each point of its memory's events.</summary>
internal sealed class LogScript
{
    private readonly Dictionary<long, byte[]> _records;
    private readonly List<Claim> _claims;
    private readonly Random _random;
    private long _begun;

    private LogScript(CrashMemory memory, LogEngine<RecordedMemory> log, Dictionary<long, byte[]> records, long durableBefore, int seed)
    {
        Memory = memory;
        Log = log;
        _records = records;
        _random = new Random(seed);
        _claims = [new Claim(0, durableBefore, log.Tail.Sequence)];
        _begun = log.LastSequence;
        Note();
    }

    internal CrashMemory Memory { get; }

    internal LogEngine<RecordedMemory> Log { get; }

    /// <summary>Each record that was begun, by its number.</summary>
    internal IReadOnlyDictionary<long, byte[]> Records => _records;

    /// <summary>Where the events of making the log end.</summary>
    internal int Start { get; private init; }

    internal static LogScript Create(CrashMemory memory, int alignment, bool isRing, int seed)
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Create(memory.Log, alignment, isRing);
        return new LogScript(memory, log, [], 0, seed) { Start = memory.Events.Count };
    }

    /// <summary>Goes on with what a crash has left.</summary>
    /// <param name="memory">What it has left.</param>
    /// <param name="records">Each record that may be there.</param>
    /// <param name="durable">The last one that must be there.</param>
    /// <param name="seed">For what is done next.</param>
    internal static LogScript Open(CrashMemory memory, IReadOnlyDictionary<long, byte[]> records, long durable, int seed)
    {
        LogEngine<RecordedMemory> log = LogEngine<RecordedMemory>.Open(memory.Log);
        return new LogScript(memory, log, records.Where(record => record.Key <= log.LastSequence).ToDictionary(), durable, seed);
    }

    /// <summary>
    /// Appends records of random lengths, several at once now and then; where there is no ring, gives up old ones when it gets full.
    /// </summary>
    internal void Run(int appends, int maxLength)
    {
        for (int i = 0; i < appends; i++)
        {
            if (!Log.IsRing && Log.FreeBytes < 4 * RecordHead.SizeOf(maxLength, Log.Alignment))
            {
                Trim(Log.Tail.Sequence + ((Log.LastSequence - Log.Tail.Sequence) / 2));
            }

            Append([.. Enumerable.Range(0, _random.Next(4) == 0 ? 2 + _random.Next(2) : 1).Select(_ => NextRecord(maxLength))]);
        }
    }

    internal void Append(params byte[][] records)
    {
        foreach (byte[] record in records)
        {
            _records[++_begun] = record;
        }

        Assert.Equal(
            _begun,
            records.Length == 1 ? Log.Append(records[0]) : Log.AppendBatch([.. records.Select(record => (ReadOnlyMemory<byte>)record)]));
        Note();
    }

    internal void Trim(long sequence)
    {
        Log.Trim(sequence);
        Note();
    }

    /// <summary>The last record that had been reported durable when so many events had happened.</summary>
    internal long DurableAt(int point) => _claims.FindLast(claim => claim.Point <= point).Durable;

    /// <summary>
    /// The oldest record that must be there then: what is given up next may be gone already, and where that failed nobody knows.
    /// </summary>
    internal long FirstAt(int point) =>
        _claims.FindIndex(claim => claim.Point >= point) is >= 0 and int next ? _claims[next].First : Log.LastSequence + 1;

    /// <summary>Short ones often, since they share their lines; and one without bytes is a record, too.</summary>
    private byte[] NextRecord(int maxLength)
    {
        byte[] record = new byte[_random.Next(3) == 0 ? _random.Next(10) : _random.Next(maxLength + 1)];
        _random.NextBytes(record);
        return record;
    }

    private void Note() => _claims.Add(new Claim(Memory.Events.Count, Log.DurableSequence, Log.Tail.Sequence));

    private readonly record struct Claim(int Point, long Durable, long First);
}
