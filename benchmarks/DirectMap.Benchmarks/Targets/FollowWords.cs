using DirectMap.Linux;

namespace DirectMap.Benchmarks.Targets;

/// <summary>Words in memory by which two processes wake each other, with nothing between them and the kernel.</summary>
internal sealed unsafe class FollowWords : IDisposable
{
    private const int Line = 64 / sizeof(uint);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly MappedRegion _region;
    private readonly uint* _words;

    internal FollowWords(DirectFile file)
    {
        Path = file.Path;
        _region = file.Map(MapOptions.Ordinary);
        _words = (uint*)Place.StartOf(_region);
    }

    internal string Path { get; }

    /// <summary>How often there was an answer.</summary>
    internal uint Answers => Volatile.Read(ref _words[Line]);

    internal bool IsStopped => Volatile.Read(ref _words[2 * Line]) != 0;

    /// <summary>How often it was asked.</summary>
    internal uint Asked => Volatile.Read(ref _words[0]);

    internal void Ask() => Change(0);

    internal void Answer() => Change(Line);

    /// <summary>Returns when there were more answers.</summary>
    internal void WaitForAnswer(uint answers) => Wait(Line, answers);

    /// <summary>Returns when it was asked more often.</summary>
    internal void WaitForQuestion(uint asked) => Wait(0, asked);

    internal void Stop()
    {
        Volatile.Write(ref _words[2 * Line], 1);
        Ask();
    }

    internal void Restart() => Volatile.Write(ref _words[2 * Line], 0);

    public void Dispose() => _region.Dispose();

    private void Change(int word)
    {
        Volatile.Write(ref _words[word], _words[word] + 1);
        _ = Futex.TryWake(_words + word, 1, out _);
    }

    /// <summary>In bounds and alive: the words are in the region, which is disposed when nobody waits.</summary>
    private void Wait(int word, uint before)
    {
        while (Volatile.Read(ref _words[word]) == before)
        {
            if (Futex.TryWait(_words + word, before, s_patience, out FutexEnd end) != 0 || end == FutexEnd.TimedOut)
            {
                throw new IOException("the other process does not answer");
            }
        }
    }
}
