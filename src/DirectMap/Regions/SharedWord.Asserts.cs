using System.Diagnostics;

namespace DirectMap.Regions;

/// <content>The invariants, by their numbers, as far as they are cheap to look at. In debug builds only.</content>
internal sealed unsafe partial class SharedWord
{
    [Conditional("DEBUG")]
    private void AssertIsEntered() =>
        Debug.Assert(Volatile.Read(ref _isListening) || _isDisposed, "1: one sleeps who is not entered");

    [Conditional("DEBUG")]
    private void AssertIsOfTick(long now) =>
        Debug.Assert(now >= _askedAt, "2: an answer is believed that is of another tick, since two threads ask");

    [Conditional("DEBUG")]
    private void AssertLooksAgain(TimeSpan bound)
    {
        Debug.Assert(bound >= TimeSpan.Zero, "4: a sleep has no bound");
        Debug.Assert(
            (!_isUnheard && Environment.TickCount64 >= _freshUntil) || bound <= s_freshLook,
            "3, 4: a new sleeper, or one whom nobody is told of, does not look again soon");
    }
}
