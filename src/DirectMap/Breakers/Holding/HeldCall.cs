using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// A system call of another thread that waits, most often of another process: it is let go or refused once, and when it was let go its end
/// is waited for. Answers come from any thread; one waits for the end.
/// </summary>
internal sealed class HeldCall(GuardedFile file, HoldingGroup group, int descriptor, ThreadCall line, JudgedCall call, AskedAccess asked)
{
    private const int Open = 0;
    private const int Closed = 1;

    private readonly OwnSignal _ended = new();
    private int _answer = Open;
    private long _limit = long.MaxValue; // by Environment.TickCount64

    internal GuardedFile File => file;

    internal JudgedCall Call => call;

    internal int Thread => asked.Thread;

    internal ThreadCall Line => line;

    internal FileRange Range => call.Range;

    /// <summary>What it may touch while it goes on: a write may append, whatever was looked at before.</summary>
    internal FileRange MostRange => call.Operation == LayoutOperation.Write
        ? FileRange.From(Math.Min(call.Range.Offset, asked.Size))
        : call.Range;

    internal bool IsOpen => Volatile.Read(ref _answer) == Open;

    /// <summary>Whether it waits for longer than it may.</summary>
    internal bool IsOverdue(long now) => now >= Volatile.Read(ref _limit);

    /// <summary>From then on it is refused with EBUSY, whoever is about to answer it.</summary>
    internal void LimitTo(TimeSpan time) =>
        Volatile.Write(ref _limit, time >= TimeSpan.Zero ? Environment.TickCount64 + (long)time.TotalMilliseconds : long.MaxValue);

    /// <summary>
    /// Lets it go. What it changed before is known by then, so a change that is seen after this is the call's own; and it is in the list of
    /// what goes on before it is answered (<see cref="GuardedFile"/>, 2).
    /// </summary>
    /// <returns>False: it was answered before, or nobody waits any more.</returns>
    internal bool TryAllow()
    {
        if (Interlocked.CompareExchange(ref _answer, Closed, Open) != Open)
        {
            return false;
        }

        group.Observer?.Watch(file);
        group.Observer?.Drain();
        if (!file.GoOn(this))
        {
            SetEnded();
        }

        file.Answered(this);
        if (group.Answer(descriptor, 0) == 0)
        {
            return true;
        }

        file.Ended(this);
        group.Observer?.Unwatch(file);
        return false;
    }

    /// <summary>Refuses it.</summary>
    /// <param name="errno">EBUSY, ETXTBSY or EAGAIN.</param>
    /// <returns>False: it was answered before.</returns>
    internal bool TryDeny(int errno)
    {
        if (Interlocked.CompareExchange(ref _answer, Closed, Open) != Open)
        {
            return false;
        }

        file.Answered(this);
        _ = group.Answer(descriptor, errno);
        return true;
    }

    /// <summary>There is evidence that it has ended.</summary>
    internal void SetEnded() => _ended.Set();

    /// <summary>Waits until it has ended. Who has let it go does that, once.</summary>
    internal void AwaitEnd()
    {
        try
        {
            using ICallEnd end = group.Kernel.EndOf(asked.Thread, line);
            while (!_ended.Wait(1))
            {
                if (end.HasEnded())
                {
                    file.Ended(this);
                    return;
                }
            }
        }
        finally
        {
            group.Observer?.Unwatch(file);
        }
    }

    public override string ToString() => $"{call.Name}, {call.Operation} of {call.Range} by thread {asked.Thread}";
}
