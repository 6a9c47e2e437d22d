using System.Buffers;

namespace DirectMap.Logs;

/// <summary>
/// Finds the committed prefix: from the oldest record on, as long as the next one is whole. A record is whole if it has the number that
/// comes next, the life that this number must have, a length that fits, and the checksum of all of it.
/// <para>Why it finds exactly that:</para>
/// <list type="number">
/// <item>Nothing durable is missed. What was reported durable was stored and persisted as a whole, head and bytes, and so was everything
/// before it, since an append's persist reaches from what is durable to its own end. Nothing that is stored later touches it: records begin
/// where the former one ends, and a lap of the circle begins only after a header is durable that no longer has it.</item>
/// <item>Nothing torn is returned. One persist makes head and bytes durable in any order, word by word; the checksum covers every word that
/// is read, so a record of which a word is missing does not validate (but for one in 2^32 of those that hit the checksum by chance).</item>
/// <item>Nothing comes back. Numbers are never used twice with the same life: an opening begins a new life, durable before its first
/// append, and says which number is its first (<see cref="LogHeader.LifeStart"/>). So a whole record that was left behind a torn one stays
/// where it is, and when new records reach up to it, it has their next number and a former life. A record of a former lap has a former
/// number; one of a former log another identity.</item>
/// <item>A record without bytes is like any other: its head has a number, and numbers begin with 1, so empty memory is none.</item>
/// </list>
/// <para>What was found may not be durable yet: a process that was killed leaves it in the page cache or in the processor's. So it is
/// persisted before it counts: <see cref="LogEngine{TMemory}.Open"/>.</para>
/// </summary>
internal ref struct LogRecoveryWalk<TMemory>
    where TMemory : struct, ILogMemory
{
    /// <summary>
    /// How far behind a record that is not whole one is looked for that is. A bound, since it would be the whole of an empty
    /// log's memory otherwise.
    /// </summary>
    internal const long Reach = 1 << 20;

    private const int PieceSize = 64 << 10;

    private readonly LogHeader _header;
    private readonly LogArea<TMemory> _area;
    private readonly long _limit;

    internal LogRecoveryWalk(LogHeader header, LogArea<TMemory> area)
    {
        _header = header;
        _area = area;
        _limit = header.Tail.Position + header.Capacity;
        End = header.Tail.Position;
        Next = header.Tail.Sequence;
        Young = header.Tail.Position;
    }

    /// <summary>Where the prefix ends.</summary>
    internal long End { get; private set; }

    /// <summary>The number that is free.</summary>
    internal long Next { get; private set; }

    /// <summary>Where the records of the last life begin, of which some may not be durable.</summary>
    internal long Young { get; private set; }

    internal LogStop Stop { get; private set; }

    internal void Run()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (IsNext(End, Next, buffer, out RecordHead head))
            {
                End += LogEngine<TMemory>.SizeOf(head.Length, _header.Alignment);
                Next++;
                if (Next <= _header.LifeStart)
                {
                    Young = End;
                }
            }

            Stop = Judge(buffer);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly bool IsNext(long position, long sequence, byte[] buffer, out RecordHead head)
    {
        head = default;
        if (position > _limit - RecordHead.Size)
        {
            return false;
        }

        head = RecordHead.Load(_area, position);
        return head.Sequence == sequence && HasItsLife(head) && IsWhole(head, position, buffer);
    }

    private readonly bool HasItsLife(RecordHead head) =>
        head.Sequence < _header.LifeStart ? head.Life < _header.Life : head.Life == _header.Life;

    private readonly bool IsWhole(RecordHead head, long position, byte[] buffer)
    {
        if (head.Length < 0 || head.Length > _limit - position - RecordHead.Size)
        {
            return false;
        }

        LogChecksum checksum = RecordHead.BeginChecksum(_header.Id, head.Sequence, head.Mark, head.Length);
        for (int done = 0, piece; done < head.Length; done += piece)
        {
            piece = Math.Min(head.Length - done, PieceSize);
            _area.Load(position + RecordHead.Size + done, buffer.AsSpan(0, piece));
            checksum.Add(buffer.AsSpan(0, piece));
        }

        return checksum.Value == head.Checksum;
    }

    /// <summary>Why the prefix ends here. Only what is certain is called damage: that a record was durable which is not whole.</summary>
    private readonly LogStop Judge(byte[] buffer)
    {
        if (Next < _header.LifeStart)
        {
            return LogStop.Damage; // The last opening has found it, and made it durable.
        }

        if (End > _limit - RecordHead.Size)
        {
            return LogStop.End;
        }

        RecordHead head = RecordHead.Load(_area, End);
        if ((head.Sequence == Next ? head.Life > _header.Life : head.Sequence > Next && head.Life >= _header.Life)
            && IsWhole(head, End, buffer))
        {
            return LogStop.Damage; // A later life has appended it, or a later lap has, so the header's newest state is lost.
        }

        bool isTorn = head.Sequence == Next && head.Life == _header.Life;
        if (isTorn && IsLater(End + LogEngine<TMemory>.SizeOf(head.Length, _header.Alignment), buffer, out RecordHead follower)
            && follower.FollowsDurable)
        {
            return LogStop.Damage;
        }

        for (long at = End + _header.Alignment; at <= Math.Min(_limit, End + Reach) - RecordHead.Size; at += _header.Alignment)
        {
            if (IsLater(at, buffer, out RecordHead later))
            {
                if (later.FollowsDurable)
                {
                    return LogStop.Damage;
                }

                isTorn = true;
            }
        }

        return isTorn ? LogStop.TornRecord : LogStop.End;
    }

    /// <summary>
    /// Whether there is a whole record of the present life that was appended behind the one that is missing. One of a former life or lap
    /// says nothing: it was left behind.
    /// </summary>
    private readonly bool IsLater(long position, byte[] buffer, out RecordHead head)
    {
        head = default;
        if (position < End || position > _limit - RecordHead.Size || (long)_area.Load(position + 8) <= Next)
        {
            return false;
        }

        head = RecordHead.Load(_area, position);
        return head.Life == _header.Life && IsWhole(head, position, buffer);
    }
}
