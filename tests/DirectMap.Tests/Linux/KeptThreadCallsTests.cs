using System.Globalization;
using System.Runtime.InteropServices;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Linux;

/// <summary>What threads wait in, read from descriptors that are kept.</summary>
public sealed unsafe class KeptThreadCallsTests : IDisposable
{
    private const int Words = 4096;

    private readonly uint* _words = (uint*)NativeMemory.AllocZeroed(Words, sizeof(uint));
    private readonly KeptThreadCalls _calls = new();

    [Fact]
    public void Each_of_more_threads_than_are_kept_is_read_as_its_own()
    {
        Waiter[] waiters = [.. Enumerable.Range(0, 40).Select(place => new Waiter(_words + (2 * place)))];

        for (int round = 0; round < 3; round++)
        {
            foreach (Waiter waiter in waiters)
            {
                Soon.Until(() => IsAt(waiter, 0), "it waits at its first word");
            }
        }

        Assert.InRange(Kept(waiters), 1, 16);
        Array.ForEach(waiters, static waiter => waiter.End());
    }

    [Fact]
    public void A_thread_that_is_kept_is_read_as_it_is_now()
    {
        Waiter waiter = new(_words);
        Soon.Until(() => IsAt(waiter, 0), "it waits at its first word");

        waiter.GoOn();

        Soon.Until(() => IsAt(waiter, 1), "it waits at its second word");
        Assert.Equal(1, Kept(waiter));
        waiter.End();
    }

    [Fact]
    public void A_thread_that_has_ended_is_not_there_and_keeps_nothing()
    {
        Waiter waiter = new(_words);
        Soon.Until(() => IsAt(waiter, 0), "it waits at its first word");

        waiter.End();

        Soon.Until(() => _calls.TryRead(waiter.Number, out _) != 0, "it is gone");
        Assert.Equal(Errno.ENOENT, _calls.TryRead(waiter.Number, out _));
        Assert.Equal(0, Kept(waiter));
    }

    [Fact]
    public void After_all_is_closed_nothing_is_kept_and_all_can_be_read_again()
    {
        Waiter waiter = new(_words);
        Soon.Until(() => IsAt(waiter, 0), "it waits at its first word");

        _calls.Close();

        Assert.Equal(0, Kept(waiter));
        Assert.True(IsAt(waiter, 0));
        waiter.End();
    }

    [Fact]
    public void The_process_of_a_thread_is_found()
    {
        Waiter waiter = new(_words);

        Assert.Equal(Environment.ProcessId, ProcThread.ProcessOf(waiter.Number));
        Assert.Equal(1, ProcThread.ProcessOf(1));
        Assert.Equal(0, ProcThread.ProcessOf(int.MaxValue));
        if (OperatingSystem.IsOSPlatformVersionAtLeast("Linux", 6, 13))
        {
            Assert.Equal(Environment.ProcessId, ThreadFd.ProcessOf(waiter.Number));
            Assert.Equal(1, ThreadFd.ProcessOf(1));
        }

        waiter.End();
    }

    public void Dispose()
    {
        _calls.Close();
        NativeMemory.Free(_words);
    }

    /// <summary>futex(2) has the word's address first.</summary>
    private bool IsAt(Waiter waiter, int word) =>
        _calls.TryRead(waiter.Number, out ThreadCall call) == 0 && call.IsKnown && call[0] == (ulong)(waiter.Words + word);

    /// <summary>How many descriptors of such lines the process has; those of a guard are of other threads.</summary>
    private static int Kept(params Waiter[] waiters)
    {
        HashSet<string> lines = [.. waiters.Select(static waiter => $"/proc/{waiter.Number}/syscall")];
        return Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget is { } target && lines.Contains(target));
    }

    /// <summary>A thread that sleeps at one word, and then at the next.</summary>
    private sealed class Waiter
    {
        private readonly Thread _thread;
        private readonly TaskCompletionSource<int> _number = new();

        internal Waiter(uint* words)
        {
            Words = words;
            _thread = new Thread(() =>
            {
                string link = new FileInfo("/proc/thread-self").LinkTarget!;
                _number.SetResult(int.Parse(link[(link.LastIndexOf('/') + 1)..], CultureInfo.InvariantCulture));
                Sleep(0);
                Sleep(1);
            });
            _thread.Start();
        }

        internal uint* Words { get; }

        internal int Number => _number.Task.Within().GetAwaiter().GetResult();

        internal void GoOn() => Wake(0);

        internal void End()
        {
            Wake(0);
            Wake(1);
            Assert.True(_thread.Join(Soon.Patience));
        }

        private void Sleep(int word)
        {
            while (Volatile.Read(ref Words[word]) == 0)
            {
                _ = Futex.TryWait(Words + word, 0, Soon.Patience, out _);
            }
        }

        private void Wake(int word)
        {
            Volatile.Write(ref Words[word], 1);
            _ = Futex.TryWake(Words + word, 1, out _);
        }
    }
}
