using System.Diagnostics;

namespace DirectMap.Logs;

/// <content>The invariants, by their numbers, as far as they are cheap to look at. In debug builds only.</content>
internal sealed partial class LogQueue
{
    [Conditional("DEBUG")]
    private void AssertOrder()
    {
        Debug.Assert(_waiting.Count == 0 || _state is State.Scheduled or State.Leading, "1: somebody waits, and nobody leads or will");
        Debug.Assert(!_isClosing || _waiting.Count == 0, "4: something was added to a log that is being closed");
        Debug.Assert(_isClosing || _state != State.Closed, "4: a log is closed that nobody closes");
        Debug.Assert(_expected >= 0 && _arrived >= 0 && _hasty is >= 0 and < 1 << MostVain, "5: those who come back are counted wrongly");
    }

    [Conditional("DEBUG")]
    private void AssertLeads() => Debug.Assert(_state == State.Leading, "2: requests are taken, or handed on, by who does not lead");
}
