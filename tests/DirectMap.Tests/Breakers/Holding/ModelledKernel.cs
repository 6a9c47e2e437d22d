using System.Collections.Concurrent;
using DirectMap.Breakers;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>
/// A kernel that holds threads until they are answered, and in which they run then. It notes who runs, and what was answered twice. Its
/// threads are named by numbers of this process's own, since the engine looks whether they are there.
/// </summary>
internal sealed class ModelledKernel(InodeKey file, Action<string> stop) : IHoldingKernel
{
    private const int pwrite64 = 18; // of x64; the model is of that processor

    private readonly ConcurrentDictionary<int, int> _answers = new(); // by descriptor
    private readonly ConcurrentDictionary<int, bool> _running = new(); // by thread
    private readonly ConcurrentDictionary<int, bool> _inCall = new(); // by thread: whether it waits or runs
    private readonly ConcurrentQueue<int> _twice = new();

    internal int Running => _running.Count(one => one.Value);

    internal int[] AnsweredTwice => [.. _twice];

    /// <summary>What an event was answered with; null for nothing.</summary>
    internal int? AnswerTo(int descriptor) => _answers.TryGetValue(descriptor, out int answer) ? answer : null;

    /// <summary>A thread begins to write a page at the beginning, and waits.</summary>
    internal PreContent.Event Write(int thread)
    {
        _inCall[thread] = true;
        return new PreContent.Event(PreContent.FAN_PRE_ACCESS, thread, thread, 0, Environment.SystemPageSize);
    }

    /// <summary>The thread returns from its call.</summary>
    internal void End(int thread)
    {
        _running[thread] = false;
        _inCall[thread] = false;
    }

    int IHoldingKernel.TryRead(Span<byte> buffer, out int read) => throw new NotSupportedException();

    int IHoldingKernel.TryMark(SafeFileHandle description) => 0;

    int IHoldingKernel.TryUnmark(SafeFileHandle description) => 0;

    int IHoldingKernel.TrySuspend(SafeFileHandle description) => 0;

    int IHoldingKernel.TryResume(SafeFileHandle description) => 0;

    int IHoldingKernel.TryIdentify(int descriptor, out InodeKey key, out long size)
    {
        (key, size) = (file, 1 << 20);
        stop("identified");
        return 0;
    }

    int IHoldingKernel.Answer(int descriptor, int errno)
    {
        stop("answering");
        if (!_answers.TryAdd(descriptor, errno))
        {
            _twice.Enqueue(descriptor);
        }

        if (errno == 0)
        {
            _running[descriptor] = true; // A thread's descriptor has its number.
        }

        stop("answered");
        return 0;
    }

    ThreadCall IHoldingKernel.LineOf(int thread)
    {
        stop("looked at");
        return new ThreadCall(pwrite64, [3, 0, 4096, 0]);
    }

    ThreadCall? IHoldingKernel.AwaitLineOf(int thread) => ((IHoldingKernel)this).LineOf(thread);

    void IHoldingKernel.Forget()
    {
    }

    bool IHoldingKernel.IsOwn(int thread) => false;

    ICallEvidence IHoldingKernel.EvidenceOf(int thread) => new NoEvidence();

    ICallEnd IHoldingKernel.EndOf(int thread, ThreadCall? at) => new Look(this, thread, at is not null);

    public void Dispose()
    {
    }

    private sealed class NoEvidence : ICallEvidence
    {
        public string? Stack => null;

        public bool IsAlone => true;

        public int? FlagsOf(int descriptor) => 0;

        public ulong? InodeOf(int descriptor) => null;
    }

    /// <summary>Who serves a call sees it to its end; a lease only looks.</summary>
    private sealed class Look(ModelledKernel kernel, int thread, bool seesToIt) : ICallEnd
    {
        public bool HasEnded()
        {
            if (seesToIt)
            {
                Interleavings.Stop("running");
                kernel.End(thread);
            }

            return !kernel._inCall.GetValueOrDefault(thread);
        }

        public void Dispose()
        {
        }
    }
}
