using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;
using DirectMap.Linux;
using static DirectMap.Benchmarks.Targets.BareGuardCalls;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// The least that a process has to do to hold operations of others on a file: one thread that reads events of fanotify and allows them.
/// It knows no lease, and protects from nothing.
/// </summary>
internal sealed unsafe class BareGuard : IDisposable, IThreadPoolWorkItem
{
    private const ulong Held = FAN_PRE_ACCESS | FAN_OPEN_PERM;
    private const int Line = 64 / sizeof(uint);
    private const int Running = 'r'; // "running": the thread has not gone to sleep yet

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _path;
    private readonly BareAnswer _answer;
    private readonly int _group;
    private readonly Thread _reader;
    private readonly Thread? _other;
    private readonly uint[] _words = GC.AllocateArray<uint>(2 * Line, pinned: true); // how often there and back
    private readonly SemaphoreSlim _back = new(0);
    private volatile bool _isStopping;
    private volatile bool _hasStopped;

    /// <summary>Holds a file, until it is disposed.</summary>
    /// <param name="path">Which.</param>
    /// <param name="answer">What is done with an event.</param>
    /// <param name="processor">Where the thread runs that reads events.</param>
    /// <exception cref="IOException">Not to be had here: no CAP_SYS_ADMIN, a kernel before 6.14, a file system that has no such events.
    /// </exception>
    internal BareGuard(string path, BareAnswer answer, int processor)
    {
        _path = path;
        _answer = answer;
        _group = NewGroup();
        try
        {
            _ = Check(BareGuardCalls.Mark(_group, FAN_MARK_ADD, Held, AT_FDCWD, path), "fanotify_mark");
        }
        catch
        {
            _ = Close(_group);
            throw;
        }

        if (answer == BareAnswer.HandedBack)
        {
            _other = new Thread(HandBack) { IsBackground = true };
            _other.Start();
        }

        _reader = new Thread(() =>
        {
            Processors.Pin(0, processor);
            Answer();
        })
        { IsBackground = true };
        _reader.Start();
    }

    /// <summary>A group without a file.</summary>
    /// <exception cref="IOException">Not to be had here.</exception>
    internal static int NewGroup() =>
        Check(Init(FAN_CLASS_PRE_CONTENT | FAN_REPORT_TID | FAN_CLOEXEC, O_RDONLY | O_NONBLOCK | O_CLOEXEC), "fanotify_init");

    /// <summary>Begins or ends to hold a file that is open.</summary>
    /// <exception cref="IOException">Not to be had here.</exception>
    internal static void Mark(int group, uint flags, int file) =>
        _ = Check(BareGuardCalls.Mark(group, flags, Held, file, null), "fanotify_mark");

    /// <summary>Ends both threads, and then the group.</summary>
    public void Dispose()
    {
        _isStopping = true;
        File.OpenHandle(_path).Dispose(); // The event is what the reader wakes up by.
        _reader.Join();
        if (_other is not null)
        {
            _hasStopped = true;
            Change(0);
            _other.Join();
        }

        _ = Close(_group);
        _back.Dispose();
    }

    /// <summary>What the pool does with an event.</summary>
    public void Execute() => _back.Release();

    private void Answer()
    {
        const int Length = 4096;
        byte* events = stackalloc byte[Length];
        while (!_isStopping)
        {
            nint read = Read(_group, events, Length);
            for (byte* next = events; read >= sizeof(Event) && next < events + read; next += ((Event*)next)->Length)
            {
                Event* taken = (Event*)next;
                if (_answer == BareAnswer.Identified)
                {
                    _ = SystemCallOf(taken->Thread);
                }
                else if (_answer == BareAnswer.HandedToPool)
                {
                    _ = ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    _back.Wait();
                }
                else if (_answer == BareAnswer.HandedBack)
                {
                    uint before = Volatile.Read(ref _words[Line]);
                    Change(0);
                    Wait(Line, before);
                }

                Response response = new(taken->File);
                _ = Write(_group, (byte*)&response, sizeof(Response));
                _ = Close(taken->File);
            }
        }
    }

    private void HandBack()
    {
        for (uint before = 0; ; before++)
        {
            Wait(0, before);
            if (_hasStopped)
            {
                return;
            }

            Change(Line);
        }
    }

    /// <summary>Its number.</summary>
    private static int SystemCallOf(int thread)
    {
        const int Length = 256;
        byte* line = stackalloc byte[Length];
        Span<byte> path = stackalloc byte[64];
        _ = Utf8.TryWrite(path, CultureInfo.InvariantCulture, $"/proc/{thread}/syscall\0", out _);
        fixed (byte* first = path)
        {
            int file = Open(first, O_RDONLY | O_CLOEXEC);
            nint read;
            do
            {
                read = Read(file, line, Length, 0);
            }
            while (read > 0 && line[0] == Running);

            _ = Close(file);
            return Utf8Parser.TryParse(new ReadOnlySpan<byte>(line, Math.Max(0, (int)read)), out int number, out _) ? number : -1;
        }
    }

    private void Change(int word)
    {
        fixed (uint* words = _words)
        {
            Volatile.Write(ref words[word], words[word] + 1);
            _ = Futex.TryWake(words + word, 1, out _);
        }
    }

    private void Wait(int word, uint before)
    {
        fixed (uint* words = _words)
        {
            while (Volatile.Read(ref words[word]) == before)
            {
                _ = Futex.TryWait(words + word, before, s_patience, out _);
            }
        }
    }
}
