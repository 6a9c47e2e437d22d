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
/// and says which number is its first. So a whole record that was left behind a torn one has a number of this life and a former life. A
/// record of a former lap has a former number; one of a former log another identity.</item>
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
    private readonly List<Stretch> _stretches = [];
    private readonly LogIndex _index = new();
    private byte[] _buffer = [];
    private long _proved;

    internal LogRecoveryWalk(LogHeader header, LogArea<TMemory> area)
    {
        (_header, _area, _proved) = (header, area, header.LifeStart - 1);
    }

    /// <summary>Where the records end that are kept.</summary>
    internal long End { get; private set; }

    /// <summary>The number that is free.</summary>
    internal long Next { get; private set; }

    /// <summary>Where the records of the last life begin, of which some may not be durable.</summary>
    internal long Young { get; private set; }

    internal LogStop Stop { get; private set; }

    /// <summary>Where records of some numbers can be found.</summary>
    internal LogIndex Index => _index;

    /// <summary>The life of a record that shows that a newer state of the header is lost; 0 where there is none.</summary>
    internal uint StrangerLife { get; private set; }

    /// <summary>What was durable and is lost, in order: the numbers, and the bytes of the area where it was.</summary>
    internal List<(LogGap Gap, long From, long To)> Lost { get; } = [];

    internal void Walk()
    {
        _buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            Young = _header.Tail.Position;
            FindStretches();
            StrangerLife = LifeOfStrangerAt(_stretches[0].End, _stretches[0].Next);
            Judge();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    private void FindStretches()
    {
        (long at, long next) = (_header.Tail.Position, _header.Tail.Sequence);
        do
        {
            _stretches.Add(ReadStretch(at, next));
        }
        while (TryFindNext(_stretches[^1].End, _stretches[^1].Next, out at, out next));
    }

    /// <summary>As many records as follow each other.</summary>
    private Stretch ReadStretch(long from, long first)
    {
        (long at, long next) = (from, first);
        while (IsRecord(at, out RecordHead head) && head.Sequence == next)
        {
            _index.Add(next, at);
            next += head.NumbersIn(_area, at);
            at += RecordHead.SizeOf(head.Length, _header.Alignment);
            if (next <= _header.LifeStart)
            {
                Young = at;
            }

            if (head.Life == _header.Life)
            {
                _proved = Math.Max(_proved, head.Proves);
            }
        }

        return new Stretch(from, first, at, next);
    }

    /// <summary>The next whole record behind one that is not. It is first looked for where that one's length says that it ends.</summary>
    private bool TryFindNext(long from, long missing, out long at, out long sequence)
    {
        long last = Math.Min(_header.Bound, _header.Limit) - RecordHead.Size;
        if (from <= last)
        {
            RecordHead broken = RecordHead.Load(_area, from);
            at = from + RecordHead.SizeOf(Math.Max(broken.Length, 0), _header.Alignment);
            if (at <= last && IsLater(at, from, missing, out sequence))
            {
                return true;
            }
        }

        for (at = from + _header.Alignment; at <= last; at += _header.Alignment)
        {
            if (IsLater(at, from, missing, out sequence))
            {
                return true;
            }
        }

        sequence = 0;
        return false;
    }

    /// <summary>Whether there is a whole record that follows so many missing ones as have room before it.</summary>
    private bool IsLater(long at, long from, long missing, out long sequence)
    {
        sequence = (long)_area.Load(at + sizeof(ulong));
        long room = (at - from) / RecordHead.SizeOf(0, _header.Alignment);
        return sequence > missing && sequence - missing <= room && IsRecord(at, out _);
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

        LogChecksum checksum = RecordHead.BeginChecksum(_header.Id, head.Sequence, head.Mark, head.Length);
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
        Stretch kept = _stretches[0];
        foreach (Stretch stretch in _stretches.Skip(1))
        {
            if (kept.Next > _proved || stretch.First > _proved + 1)
            {
                break; // Some of what is missing before it was never durable: nobody was told that this one is.
            }

            Lost.Add((new LogGap(kept.Next, stretch.First - 1), kept.End, stretch.From));
            kept = stretch;
        }

        (End, Next) = (kept.End, kept.Next);
        if (Next <= _proved)
        {
            Lost.Add((new LogGap(Next, _proved), End, End));
            Next = _proved + 1;
        }

        bool isTorn = kept != _stretches[^1] || LooksLikeNext(End, kept.Next);
        Stop = Lost.Count > 0 || StrangerLife > 0 ? LogStop.Damage : isTorn ? LogStop.TornRecord : LogStop.End;
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

    /// <summary>Records that follow each other: their first position and number, and those after the last one.</summary>
    private sealed record Stretch(long From, long First, long End, long Next);
}
