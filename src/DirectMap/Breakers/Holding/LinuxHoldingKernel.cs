using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>A group of fanotify, and /proc.</summary>
internal sealed class LinuxHoldingKernel : IHoldingKernel
{
    /// <summary>How often a thread is looked at that is just about to wait, while others wait for the one who looks.</summary>
    private const int MostLooks = 8;

    /// <summary>How long by those for whom nobody waits: on a loaded machine it is not soon that a thread gets to wait.</summary>
    private const int MostMilliseconds = 10_000;

    /// <summary>
    /// To read an event opens its file, and that fails while a proof has a lease on it: whoever waits is refused then (EPERM), and nobody
    /// can take that back. So nothing is read meanwhile, and the reader waits for events outside of the lock.
    /// </summary>
    private readonly UninterruptedLock _reading = new();

    private readonly SafeFileHandle _group;
    private readonly KeptThreadCalls _calls = new();

    private LinuxHoldingKernel(SafeFileHandle group) => _group = group;

    /// <returns>Null: there is none; the error number says why.</returns>
    internal static LinuxHoldingKernel? TryMake(out int errno)
    {
        errno = PreContent.TryInit(out SafeFileHandle group);
        if (errno == 0)
        {
            return new LinuxHoldingKernel(group);
        }

        group.Dispose();
        return null;
    }

    public int TryRead(Span<byte> buffer, out int read)
    {
        int errno;
        do
        {
            if (Poll.Wait([_group], -1) < 0)
            {
                read = 0;
                return Errno.EBADF;
            }

            using (_reading.Enter())
            {
                errno = EventQueue.TryRead(_group, buffer, out read);
            }
        }
        while (errno == Errno.EAGAIN);

        return errno;
    }

    public int TryProve(SafeFileHandle description, bool readersToo, Func<bool> between)
    {
        if (Poll.Wait([_group], 0) > 0)
        {
            return Errno.EAGAIN; // Who waits may have it open, and is answered by the one who reads, not by one who takes the lock again.
        }

        using (_reading.Enter())
        {
            return KernelLease.TryProve(description, readersToo, between);
        }
    }

    public int TryMark(SafeFileHandle description) => PreContent.TryMark(_group, description);

    public int TryUnmark(SafeFileHandle description) => PreContent.TryUnmark(_group, description);

    public int TrySuspend(SafeFileHandle description) => PreContent.TrySuspend(_group, description);

    public int TryResume(SafeFileHandle description) => PreContent.TryResume(_group, description);

    public int TryIdentify(int descriptor, out InodeKey key, out long size)
    {
        int errno = Statx.TryGetOfNumber(descriptor, out ulong device, out ulong inode, out size);
        key = new InodeKey(device, inode);
        return errno;
    }

    public int Answer(int descriptor, int errno)
    {
        int failed;
        try
        {
            failed = PreContent.TryAnswer(_group, descriptor, errno);
        }
        catch (ObjectDisposedException)
        {
            failed = Errno.EBADF; // The group has ended, and with it everybody was let go; who had to hear of that has.
        }

        PreContent.Close(descriptor);
        return failed;
    }

    public ThreadCall LineOf(int thread)
    {
        ThreadCall line = default;
        for (int look = 0; thread > 0 && look < MostLooks && line.Number == ThreadCall.Running; look++)
        {
            if (_calls.TryRead(thread, out line) is not 0 and int errno)
            {
                return errno is Errno.EPERM or Errno.EACCES ? new ThreadCall(ThreadCall.Nowhere, []) : default; // Hidden, or gone.
            }
        }

        return line;
    }

    public ThreadCall? AwaitLineOf(int thread)
    {
        for (int look = 0; look < MostMilliseconds; look++)
        {
            int errno = ProcThread.TryReadCall(thread, out ThreadCall line);
            if (errno is Errno.ENOENT or Errno.ESRCH)
            {
                return null;
            }

            if (errno != 0 || line.Number != ThreadCall.Running)
            {
                return line;
            }

            _ = Poll.Wait([], 1);
        }

        return default(ThreadCall);
    }

    public bool IsOwn(int thread) => OwnThreads.Contains(thread);

    public ICallEvidence EvidenceOf(int thread) => new ThreadEvidence(thread);

    public ICallEnd EndOf(int thread, ThreadCall? at) => new CallEnd(thread, at);

    public void Forget() => _calls.Close();

    public void Dispose()
    {
        Forget();
        _group.Dispose();
    }
}
