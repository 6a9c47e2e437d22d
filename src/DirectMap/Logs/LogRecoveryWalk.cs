using System.Buffers;

namespace DirectMap.Logs;

/// <summary>
/// Finds the records of a log: from the oldest one on, one behind the other, as long as the next one is whole. Where one is not, the next
/// whole one is looked for, up to the header's bound. A record is whole if it has the number and the life that it must have there, a length
/// that fits, and the checksum of all of it.
/// <para>A record is <b>proved durable</b> if</para>
/// <list type="bullet">
/// <item>its number is below <see cref="LogHeader.LifeStart"/>: the last opening or the closing has found it, and made it durable before
/// the header said so; or</item>
/// <item>a later record of the present life is whole that says so (<see cref="RecordHead.Proves"/>): it was stored when all up to that
/// number were durable.</item>
/// </list>
/// <para>
/// What is proved and not whole is damage. What is not proved and not whole was torn by a crash, or never was there; the log ends before
/// it, also where whole records lie behind it: they were stored together with it, and nobody was told that they are durable.
/// </para>
/// <para>Why it finds exactly what it should:</para>
/// <list type="number">
/// <item>Nothing durable is missed without being called damage, but records that no later whole record was stored after, and that no
/// closing or opening covers.</item>
/// <item>Nothing torn is returned. One persist makes head and bytes durable in any order, word by word. The checksum covers every word that
/// is read, so a record of which a word is missing is not whole (except one in 2^32 of those that hit the checksum by chance).</item>
/// <item>Nothing comes back. Numbers are never used twice with the same life: an opening begins a new one, durable before its first append,
/// and says which number is its first. A whole record that was left behind a torn one has a number of this life and a former life; before
/// its number becomes one of a former life, too, the opening takes its first word away. A record of a former lap has a former number; one
/// of a former log another identity.</item>
/// <item>Nothing that lies within another record's bytes is taken for one: it would have to have this log's identity, a number that is to
/// come, and the life that number must have. Only a record that was lost, or damaged, is looked into.</item>
/// <item>The search sees every record of this life, since none reaches beyond the bound.</item>
/// </list>
/// <para>What was found may not be durable yet: a process that was killed leaves it in the page cache or in the processor's. So it is
/// persisted before it counts: <see cref="LogEngine{TMemory}.Open"/>.</para>
/// </summary>
internal sealed class LogRecoveryWalk<TMemory>
    where TMemory : struct, ILogMemory
{
    private const int PieceSize = 64 << 10;

    private readonly LogHeader _header;
    private readonly LogArea<TMemory> _area;
    private readonly List<LogStretch> _stretches = [];
    private readonly LogIndex _index = new();
    private byte[] _buffer = [];
    private long _proved;

    /// <param name="header">The log's state.</param>
    /// <param name="area">Where its records are.</param>
    /// <param name="proved">A number up to which all are known to be durable by other means; 0 for none.</param>
    internal LogRecoveryWalk(LogHeader header, LogArea<TMemory> area, long proved = 0)
    {
        (_header, _area, _proved) = (header, area, Math.Max(proved, header.LifeStart - 1));
    }

    /// <summary>The last number that is proved durable.</summary>
    internal long Proved => _proved;

    /// <summary>Where the records end that are kept.</summary>
    internal long End { get; private set; }

    /// <summary>The number that is free.</summary>
    internal long Next { get; private set; }

    /// <summary>Where the records of the last life begin, of which some may not be durable.</summary>
    internal long Young { get; private set; }

    internal PersistentLogStop Stop { get; private set; }

    /// <summary>Where records of some numbers can be found.</summary>
    internal LogIndex Index => _index;

    /// <summary>The life of a record that shows that a newer state of the header is lost; 0 where there is none.</summary>
    internal uint StrangerLife { get; private set; }

    /// <summary>What was durable and is lost, in order: the numbers, and the bytes of the area where it was.</summary>
    internal List<(PersistentLogGap Gap, long From, long To)> Lost { get; } = [];

    /// <summary>What was lost before, and is marked as such; in order.</summary>
    internal IReadOnlyList<PersistentLogGap> Known { get; private set; } = [];

    /// <summary>The records that are kept, in order.</summary>
    internal IReadOnlyList<LogStretch> Kept { get; private set; } = [];

    /// <summary>
    /// Whole records that are not the log's: nobody was told that they are durable, or they are not where they were stored.
    /// </summary>
    internal IReadOnlyList<LogStretch> LeftOver { get; private set; } = [];

    internal void Walk()
    {
        _buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            FindStretches();
            StrangerLife = LifeOfStrangerAt(_stretches[0].End, _stretches[0].Next);
            Judge();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    /// <summary>
    /// Where the mark of lost records goes, or is: positions. At the end it takes no more than was lost there, and no less than so many
    /// records need: what follows it is looked for within that, if the mark is lost, too.
    /// </summary>
    /// <param name="lost">One of <see cref="Lost"/>.</param>
    internal FileRange PlaceOf((PersistentLogGap Gap, long From, long To) lost)
    {
        long least = RecordHead.SizeOf(0, _header.Alignment);
        long room = Math.Max(0, _header.Limit - lost.From) / least; // Where it is too little, nothing is marked.
        return new FileRange(lost.From, lost.To > lost.From ? lost.To - lost.From : Math.Min(lost.Gap.Count, room) * least);
    }

    /// <summary>Where the records end that are kept, with the mark of those that were lost at the end.</summary>
    internal long EndWithMarks => Lost.Count == 0 ? End : Math.Max(End, PlaceOf(Lost[^1]).End);

    /// <summary>What was found, and what an opening makes of it.</summary>
    internal PersistentLogRecovery Recovery() => new()
    {
        FirstSequence = _header.Tail.Sequence,
        LastSequence = Next - 1,
        Length = EndWithMarks - _header.Tail.Position,
        StoppedAt = Stop,
        Lost = [.. Known.Concat(Lost.Select(lost => lost.Gap)).OrderBy(gap => gap.FirstSequence)],
    };

    /// <summary>What is thrown where damage is not passed over.</summary>
    internal PersistentLogException Damage(string place)
    {
        string what = Lost.Count > 0
            ? $"{Lost[0].Gap}: durable and not whole"
            : $"record {Next} was appended under a state of the header that is lost";
        PersistentLogRecovery found = Recovery() with { Length = End - _header.Tail.Position }; // Who throws has stored no mark.
        return new PersistentLogException(PersistentLogError.Damaged, place, $"{what}; {found}");
    }

    private void FindStretches()
    {
        (long at, long next) = (_header.Tail.Position, _header.Tail.Sequence);
        do
        {
            _stretches.Add(ReadStretch(at, next));
        }
        while (TryFindNext(_stretches[0], _stretches[^1], out at, out next));
    }

    /// <summary>As many records as follow each other.</summary>
    private LogStretch ReadStretch(long from, long first)
    {
        List<PersistentLogGap> gaps = [];
        (long at, long next, long young, long lookFrom) = (from, first, first <= _header.LifeStart ? from : 0, from);
        while (IsRecord(at, out RecordHead head) && head.Sequence == next)
        {
            if (_stretches.Count == 0)
            {
                _index.Add(next, at);
            }

            long numbers = head.NumbersIn(_area, at);
            if (head.Kind == RecordHead.Gap)
            {
                gaps.Add(new PersistentLogGap(next, next + numbers - 1));
            }

            lookFrom = at + RecordHead.SizeOf(head.Kind == RecordHead.Gap ? 0 : head.Length, _header.Alignment);
            next += numbers;
            at += RecordHead.SizeOf(head.Length, _header.Alignment);
            if (next <= _header.LifeStart)
            {
                young = at;
            }

            if (head.Life == _header.Life)
            {
                _proved = Math.Max(_proved, head.Proves);
            }
        }

        return new LogStretch(from, first, at, next) { LookFrom = lookFrom, Young = young, Gaps = gaps };
    }

    /// <summary>
    /// The next whole record that may follow the first ones. One that is exactly the next but one stands where the broken one's length says
    /// that it ends, and its bytes are not looked into; but the length may be what is broken, so any other has to be looked for.
    /// </summary>
    private bool TryFindNext(LogStretch first, LogStretch former, out long at, out long sequence)
    {
        long last = Math.Min(_header.Bound, _header.Limit) - RecordHead.Size;
        if (former.End <= last)
        {
            RecordHead broken = RecordHead.Load(_area, former.End);
            at = former.End + RecordHead.SizeOf(Math.Max(broken.Length, 0), _header.Alignment);
            if (at <= last && IsLater(at, first, out sequence) && sequence == former.Next + 1)
            {
                return true;
            }
        }

        for (at = former.LookFrom; at <= last; at += _header.Alignment)
        {
            if (IsLater(at, first, out sequence))
            {
                return true;
            }
        }

        sequence = 0;
        return false;
    }

    /// <summary>Whether there is a whole record that follows so many missing ones as have room before it.</summary>
    private bool IsLater(long at, LogStretch first, out long sequence)
    {
        sequence = (long)_area.Load(at + sizeof(ulong));
        long room = (at - first.End) / RecordHead.SizeOf(0, _header.Alignment);
        return sequence > first.Next && sequence - first.Next <= room && IsRecord(at, out _);
    }

    private bool IsRecord(long position, out RecordHead head)
    {
        head = default;
        if (position > _header.Limit - RecordHead.Size)
        {
            return false;
        }

        head = RecordHead.Load(_area, position);
        bool hasItsLife = head.Sequence < _header.LifeStart ? head.Life < _header.Life : head.Life == _header.Life;
        return head.Sequence > 0 && hasItsLife && IsWhole(head, position);
    }

    private bool IsWhole(RecordHead head, long position)
    {
        if (head.Length < 0 || head.Length > _header.Limit - position - RecordHead.Size || head.Kind > RecordHead.Gap)
        {
            return false;
        }

        LogChecksum checksum = RecordHead.BeginChecksum(_header.Id, _area.PlaceOf(position), head.Sequence, head.Mark, head.Length);
        for (int done = 0, piece, all = head.CheckedLength; done < all; done += piece)
        {
            piece = Math.Min(all - done, PieceSize);
            _area.Load(position + RecordHead.Size + done, _buffer.AsSpan(0, piece));
            checksum.Add(_buffer.AsSpan(0, piece));
        }

        return checksum.Value == head.Checksum && (head.Kind != RecordHead.Gap || head.NumbersIn(_area, position) > 0);
    }

    /// <summary>The life of a record of a later life, or of a later lap: one that the header does not know of. 0 for none.</summary>
    private uint LifeOfStrangerAt(long position, long next)
    {
        if (position > _header.Limit - RecordHead.Size)
        {
            return 0;
        }

        RecordHead head = RecordHead.Load(_area, position);
        bool isStranger = head.Sequence == next ? head.Life > _header.Life : head.Sequence > next && head.Life >= _header.Life;
        return isStranger && IsWhole(head, position) ? head.Life : 0;
    }

    /// <summary>Which of the stretches are the log's, and what is between them.</summary>
    private void Judge()
    {
        LogStretch kept = _stretches[0];
        List<LogStretch> all = [kept];
        long least = RecordHead.SizeOf(0, _header.Alignment);
        foreach (LogStretch stretch in LogStretch.MostOf(_stretches, least, _proved, _header.Limit).Skip(1))
        {
            if (kept.Next > _proved || stretch.First > _proved + 1)
            {
                break; // Some of what is missing before it was never durable: nobody was told that this one is.
            }

            Lost.Add((new PersistentLogGap(kept.Next, stretch.First - 1), kept.End, stretch.From));
            _index.Add(stretch.First, stretch.From);
            kept = stretch;
            all.Add(kept);
        }

        (End, Next) = (kept.End, kept.Next);
        if (Next <= _proved)
        {
            Lost.Add((new PersistentLogGap(Next, _proved), End, End));
            Next = _proved + 1;
        }

        Young = Math.Max(_header.Tail.Position, all.Max(stretch => stretch.Young));
        Known = [.. all.SelectMany(stretch => stretch.Gaps)];
        Kept = all;
        LeftOver = [.. _stretches.Except(all)];
        bool isTorn = kept != _stretches[^1] || LooksLikeNext(End, kept.Next);
        Stop =
            Lost.Count > 0 || StrangerLife > 0 ? PersistentLogStop.Damage : isTorn ? PersistentLogStop.TornRecord : PersistentLogStop.End;
        _index.CutFrom(Next);
    }

    private bool LooksLikeNext(long position, long next)
    {
        if (position > _header.Limit - RecordHead.Size)
        {
            return false;
        }

        RecordHead head = RecordHead.Load(_area, position);
        return head.Sequence == next && head.Life == _header.Life && !_header.IsClosed;
    }
}
