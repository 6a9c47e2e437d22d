using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>
/// A log that was written at random: by single appends, batches and several appenders at once, with trims or as a ring, in several lives,
/// closed or not, with torn ends and with damage that was cut.
/// </summary>
internal sealed class LogHistory
{
    private readonly Random _random;
    private readonly int _maxLength;
    private readonly Lock _gate = new();
    private CrashMemory _memory;
    private LogEngine<RecordedMemory> _log;
    private long _acknowledged;

    private LogHistory(int seed, long capacity, int alignment, bool isRing, int maxLength)
    {
        _random = new Random(seed);
        _maxLength = maxLength;
        _memory = new CrashMemory(new ulong[(LogHeader.AreaOffset + capacity) / sizeof(ulong)]);
        Snapshots.Add([.. _memory.Content]);
        _log = LogEngine<RecordedMemory>.Create(_memory.Log, alignment, isRing);
    }

    /// <summary>What was appended and not taken back by a crash, by its number.</summary>
    internal Dictionary<long, byte[]> Records { get; } = [];

    /// <summary>The last number that the test knew to be durable before it began to append a record, by that one's number.</summary>
    internal Dictionary<long, long> DurableBefore { get; } = [];

    /// <summary>The words at earlier moments.</summary>
    internal List<ulong[]> Snapshots { get; } = [];

    /// <summary>The words of the log.</summary>
    internal ulong[] Image => _memory.Content;

    internal StoredHeader Header { get; private set; } = null!;

    internal IReadOnlyList<LoggedItem> Items { get; private set; } = [];

    /// <summary>What was done, for messages.</summary>
    internal List<string> Steps { get; } = [];

    internal static LogHistory Write(int seed, int steps = 12, long? capacity = null, int maxLength = 300)
    {
        Random random = new(seed);
        int alignment = (int[])[8, 8, 64, 64, 4096] is var all ? all[random.Next(5)] : 0;
        long area = capacity ?? (alignment == 4096 ? 128 << 10 : 8192 << random.Next(4));
        LogHistory history = new(seed, area, alignment, isRing: random.Next(2) == 0, maxLength);
        history.Steps.Add($"seed {seed}, alignment {alignment}, capacity {area}, {(history._log.IsRing ? "ring" : "no ring")}");
        for (int i = 0; i < steps; i++)
        {
            history.Step();
        }

        history.End();
        return history;
    }

    private void Step()
    {
        if (_random.Next(3) == 0)
        {
            Snapshots.Add([.. _memory.Content]);
        }

        switch (_random.Next(12))
        {
            case 0 or 1 or 2 or 3:
                Append(1 + _random.Next(6));
                break;
            case 4 or 5:
                AppendBatch(2 + _random.Next(12));
                break;
            case 6 or 7:
                AppendTogether((int[])[1, 2, 8, 64] is var all ? all[_random.Next(4)] : 0);
                break;
            case 8:
                Reopen(closes: _random.Next(2) == 0);
                break;
            case 9:
                long sequence = _random.NextInt64(_log.Tail.Sequence, _log.LastSequence + 2);
                Steps.Add($"trim {sequence}");
                _log.Trim(sequence);
                break;
            case 10:
                TearBatch();
                break;
            default:
                CutDamage();
                break;
        }
    }

    private void End()
    {
        if (!_log.IsRing && _log.FreeBytes >= RecordHead.Size && _random.Next(6) == 0)
        {
            Note("full", () => Acknowledge(_log.Append(Keep(_log.LastSequence + 1, Bytes((int)_log.FreeBytes - RecordHead.Size)))));
            Assert.Equal(0, _log.FreeBytes);
        }

        if (_random.Next(3) == 0)
        {
            Note("close", _log.Close);
        }

        Assert.Equal(0, _memory.Overlaps); // Only the leader stores.
        Header = DamageOracle.HeaderOf(Image)!;
        Items = DamageOracle.ItemsOf(Image, Records);
        Assert.Equal(_log.LastSequence, Items.Count == 0 ? Header.First - 1 : Items[^1].First + Items[^1].Count - 1);
        foreach (LoggedItem item in Items.Where(item => item.Bytes is not null && item.First >= Header.LifeStart))
        {
            ulong mark = Image[DamageOracle.WordOf(Header, item.Position + 16)];
            Assert.True(item.First - 1 - (long)(mark & 0xff_ffff) >= DurableBefore[item.First], $"{this}: {item.First} says too little");
        }
    }

    public override string ToString() => string.Join(", ", Steps);

    private void Append(int count)
    {
        Steps.Add($"{count} appends");
        for (int i = 0; i < count; i++)
        {
            byte[] record = Bytes();
            MakeRoom(1, record.Length);
            long sequence = _log.LastSequence + 1;
            Keep(sequence, record);
            Assert.Equal(sequence, _log.Append(record));
            Acknowledge(sequence);
        }
    }

    private void AppendBatch(int count)
    {
        byte[][] records = [.. Enumerable.Range(0, count).Select(_ => Bytes())];
        if (records.Sum(record => RecordHead.SizeOf(record.Length, _log.Alignment)) > _log.Capacity)
        {
            return;
        }

        Steps.Add($"batch of {count}");
        MakeRoom(count, _maxLength);
        long first = _log.LastSequence + 1;
        for (int i = 0; i < count; i++)
        {
            Keep(first + i, records[i]);
        }

        Acknowledge(_log.AppendBatch([.. records.Select(record => (ReadOnlyMemory<byte>)record)]));
    }

    /// <summary>Each appender appends the next record when the last one is durable.</summary>
    private void AppendTogether(int appenders)
    {
        int each = Math.Max(1, 24 / appenders);
        byte[][][] records = [.. Enumerable.Range(0, appenders).Select(_ => Enumerable.Range(0, each).Select(_ => Bytes()).ToArray())];
        if (!_log.IsRing && records.Sum(list => list.Sum(one => RecordHead.SizeOf(one.Length, _log.Alignment))) > _log.Capacity)
        {
            return;
        }

        Steps.Add($"{appenders} at once");
        MakeRoom(appenders * each, _maxLength);
        Task.WaitAll([.. records.Select((list, i) => i % 4 == 3
            ? OnOwnThread(() => AppendAllAsync(list, record => ValueTask.FromResult(_log.Append(record))))
            : Task.Run(() => AppendAllAsync(list, record => _log.AppendAsync(record, CancellationToken.None))))]);
    }

    /// <summary>
    /// Those that wait as threads would keep the pool's few threads from whoever leads, until the pool has more: half a second for each.
    /// </summary>
    private static Task OnOwnThread(Func<Task> appendAll) => Task.Factory.StartNew(
        () => appendAll().GetAwaiter().GetResult(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private async Task AppendAllAsync(byte[][] records, Func<byte[], ValueTask<long>> append)
    {
        foreach (byte[] record in records)
        {
            long before = Interlocked.Read(ref _acknowledged);
            long sequence = await append(record);
            lock (_gate)
            {
                Records[sequence] = record;
                DurableBefore[sequence] = before;
            }

            Acknowledge(sequence);
        }
    }

    private void Reopen(bool closes)
    {
        Steps.Add(closes ? "close, open" : "open");
        if (closes)
        {
            _log.Close();
        }

        long last = _log.LastSequence;
        Open(default);
        Assert.Equal(last, _log.LastSequence);
    }

    /// <summary>A batch of which a crash has left all but the first one, or less: nobody was told that it is durable.</summary>
    private void TearBatch()
    {
        int count = 2 + _random.Next(5);
        if (count * RecordHead.SizeOf(_maxLength, _log.Alignment) > _log.Capacity)
        {
            return;
        }

        Steps.Add($"torn batch of {count}");
        MakeRoom(count, _maxLength);
        long last = _log.LastSequence, end = _log.Tail.Position + _log.Capacity - _log.FreeBytes;
        _log.AppendBatch([.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<byte>)Bytes())]);
        Image[DamageOracle.WordOf(DamageOracle.HeaderOf(Image)!, end)] ^= 1UL << 40;
        Open(default);
        Assert.True(last == _log.LastSequence, $"{this}: {_log.LastSequence}, and a torn batch from {last + 1} on");
    }

    private void CutDamage()
    {
        Open(default); // Now all is proved.
        List<LoggedItem> items = DamageOracle.ItemsOf(Image, Records);
        if (items.Count == 0)
        {
            return;
        }

        // What is lost may be the last ones.
        int from = Math.Max(0, items.Count - 1 - _random.Next(8)), to = Math.Min(items.Count - 1, from + _random.Next(6));
        Steps.Add($"cut of {items[from].First} to {items[to].First}");
        for (int i = from; i <= to; i++)
        {
            for (int word = 0; word < 3; word++)
            {
                Image[DamageOracle.WordOf(DamageOracle.HeaderOf(Image)!, items[i].Position + (word * 8))] = ulong.MaxValue / 3;
            }
        }

        long last = _log.LastSequence;
        Open(new LogOpening(CutsDamage: true));
        Assert.True(last == _log.LastSequence, $"{this}: {_log.LastSequence} is not {last}");
    }

    private void Open(LogOpening opening)
    {
        _memory = new CrashMemory(_memory.Content);
        _log = LogEngine<RecordedMemory>.Open(_memory.Log, opening);
        _acknowledged = _log.LastSequence;
    }

    /// <summary>A ring makes room itself.</summary>
    private void MakeRoom(int count, int length)
    {
        if (!_log.IsRing && _log.FreeBytes < count * RecordHead.SizeOf(length, _log.Alignment))
        {
            _log.Trim(_log.LastSequence + 1);
        }
    }

    private byte[] Keep(long sequence, byte[] record)
    {
        Records[sequence] = record;
        DurableBefore[sequence] = _acknowledged;
        return record;
    }

    private void Acknowledge(long sequence)
    {
        for (long known = Interlocked.Read(ref _acknowledged); known < sequence;)
        {
            known = Interlocked.CompareExchange(ref _acknowledged, sequence, known);
        }
    }

    private void Note(string what, Action step)
    {
        Steps.Add(what);
        step();
    }

    private byte[] Bytes() => Bytes(_random.Next(3) == 0 ? _random.Next(3) : _random.Next(_maxLength));

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }
}
