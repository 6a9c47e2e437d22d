using System.Diagnostics;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// Who sleeps, or is about to, on words of an inode's file in this process, so that whoever changes a word knows whether anybody has to be
/// woken. For other processes there is a shared lock on the word's first byte, one for each description, which goes with the process.
/// Invariants, under the gate:
/// <list type="number">
/// <item>Each word that is counted has one sleeper or more, and <see cref="Any"/> sees these words and no others.</item>
/// <item>A word has as many sleepers as those of all its descriptions together.</item>
/// <item>A description's lock is asked for by its first sleeper, and by each while it is not to be had. The last gives it back.</item>
/// </list>
/// </summary>
internal sealed class WordListeners
{
    private readonly UninterruptedLock _gate = new();
    private readonly Dictionary<long, int> _words = [];
    private readonly Dictionary<(OpenedFile File, long Offset), (int Count, int Errno)> _locks = [];
    private volatile long[] _heard = [];

    /// <summary>What sleepers wait on where the kernel has no sleep on words of files.</summary>
    internal object Signal { get; } = new();

    /// <summary>Adds one.</summary>
    /// <param name="file">The file, through the description that it has.</param>
    /// <param name="offset">The word's first byte in the file.</param>
    /// <returns>0; or why others do not know of it.</returns>
    internal int Add(OpenedFile file, long offset)
    {
        using (_gate.Enter())
        {
            _words[offset] = _words.GetValueOrDefault(offset) + 1;
            _heard = [.. _words.Keys];
            (int count, int errno) = _locks.GetValueOrDefault((file, offset));
            if (count == 0 || errno != 0)
            {
                errno = file.TryLockShared(new FileRange(offset, 1));
            }

            _locks[(file, offset)] = (count + 1, errno);
            AssertCounts(offset);
            return errno;
        }
    }

    internal void Remove(OpenedFile file, long offset)
    {
        using (_gate.Enter())
        {
            if (--_words[offset] == 0)
            {
                _words.Remove(offset);
                _heard = [.. _words.Keys];
            }

            (int count, int errno) = _locks[(file, offset)];
            if (count > 1)
            {
                _locks[(file, offset)] = (count - 1, errno);
            }
            else
            {
                _locks.Remove((file, offset));
                _ = file.TryUnlock(new FileRange(offset, 1)); // What fails goes with the description.
            }

            AssertCounts(offset);
        }
    }

    /// <summary>Whether there is one in this process. It waits for nobody.</summary>
    internal bool Any(long offset) => _heard.Contains(offset);

    [Conditional("DEBUG")]
    private void AssertCounts(long offset)
    {
        int sleepers = _words.GetValueOrDefault(offset);
        Debug.Assert(_heard.Contains(offset) == sleepers > 0 && _words.ContainsKey(offset) == sleepers > 0, "1: nobody sleeps there");
        Debug.Assert(
            _locks.Where(at => at.Key.Offset == offset).Sum(static at => at.Value.Count) == sleepers, "2: sleepers are counted wrongly");
        Debug.Assert(_locks.Values.All(static at => at.Count > 0), "3: a lock without a sleeper");
    }
}
