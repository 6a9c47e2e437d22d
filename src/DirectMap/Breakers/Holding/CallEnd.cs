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
            return HasLeftRing();
        }

        return at is { IsKnown: true } before ? now != before || HasLeftRing() : !SystemCallNumbers.MayChange(now.Number);
    }

    public void Dispose() => _watch?.Dispose();

    /// <summary>A worker of io_uring shows one call for as long as it lives.</summary>
    private bool HasLeftRing() =>
        ProcThread.TryReadStack(thread) is { } stack
        && (stack.Contains(" io_wq_worker+", StringComparison.Ordinal) || stack.Contains(" io_sq_thread+", StringComparison.Ordinal)
            || stack.Contains(" io_cqring_wait+", StringComparison.Ordinal))
        && !stack.Contains(" io_issue_sqe+", StringComparison.Ordinal);
}
