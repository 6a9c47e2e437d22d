using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>
/// Looks whether a thread has left the system call that it was let go for. It says so on evidence only: the thread is gone; it is blocked
/// in another call, or in one that changes nothing; it was seen in user mode; or, for those of io_uring, the kernel's functions that it is
/// in are no operation's. One thread at a time.
/// </summary>
internal sealed class CallEnd(int thread, ThreadCall? at) : ICallEnd
{
    private UserModeWatch? _watch;
    private bool _hasRun; // was seen to run before

    public bool HasEnded()
    {
        int errno = ProcThread.TryReadCall(thread, out ThreadCall now);
        if (errno != 0)
        {
            return errno is Errno.ENOENT or Errno.ESRCH; // Else it is hidden: it has more capabilities than this process.
        }

        if (now.Number == ThreadCall.Running)
        {
            if (!_hasRun)
            {
                _hasRun = true; // Mostly it is on its way out, or back in: the watch costs more than another look.
                return false;
            }

            _watch ??= UserModeWatch.TryBegin(thread);
            return _watch?.WasSeen(1) ?? false;
        }

        SystemCall which = now.IsKnown ? SystemCallNumbers.Of(now.Number) : SystemCall.Unknown;
        if (which is SystemCall.io_uring_enter or SystemCall.io_uring_setup || !now.IsKnown)
        {
            return HasReturned();
        }

        bool isElsewhere = at is { IsKnown: true } before ? now != before : !SystemCallNumbers.MayChange(now.Number);
        return isElsewhere || HasReturned();
    }

    public void Dispose() => _watch?.Dispose();

    /// <summary>
    /// It shows the call, and is in it no more: a worker of io_uring shows one for as long as it lives, and a thread that was stopped or
    /// frozen the last one, though signals are looked at on the way back to user mode only.
    /// </summary>
    private bool HasReturned()
    {
        if (ProcThread.TryReadStack(thread) is not { } stack)
        {
            return false;
        }

        bool isIdle = Has(stack, "io_wq_worker") || Has(stack, "io_sq_thread") || Has(stack, "io_cqring_wait") || Has(stack, "get_signal");
        return isIdle && !Has(stack, "io_issue_sqe");
    }

    private static bool Has(string stack, string function) => stack.Contains($" {function}+", StringComparison.Ordinal);
}
