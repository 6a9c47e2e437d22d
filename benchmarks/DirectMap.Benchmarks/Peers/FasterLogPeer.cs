using DirectMap.Benchmarks.Infrastructure;
using FASTER.core;

namespace DirectMap.Benchmarks.Peers;

/// <summary>Who commits what was enqueued.</summary>
internal enum FasterCommits
{
    /// <summary>A task that does nothing else; those who append wait for it (EnqueueAndWaitForCommitAsync).</summary>
    ByATask,

    /// <summary>Everybody after enqueueing, and waits then; commits under way are shared.</summary>
    ByEveryone,
}

/// <summary>
/// FasterLog, durable as its documentation has it: an append waits for the commit that covers it. The device is its own for Linux, which
/// opens its file with O_SYNC; as fast as it can be set up for that: the file's blocks are written beforehand, so that no commit has to
/// write metadata, and FastCommitMode keeps the commit's own record in the log in place of a file beside it.
/// </summary>
internal sealed class FasterLogPeer : IDisposable
{
    private const int PageSize = 4 << 20;
    private const int MemorySize = 16 << 20;

    private readonly string _folder;
    private readonly WhenStopped _whenStopped;
    private readonly IDevice _device;
    private readonly FasterLog _log;
    private readonly FasterCommits _commits;
    private Task _committing = Task.CompletedTask;
    private volatile bool _isStopped;

    /// <param name="folder">A folder that is not there yet; it goes with this.</param>
    /// <param name="length">Bytes that are written beforehand; what is appended has to fit.</param>
    /// <param name="commits">Who commits.</param>
    internal FasterLogPeer(string folder, long length, FasterCommits commits)
    {
        (_folder, _commits) = (folder, commits);
        Directory.CreateDirectory(folder);
        _whenStopped = WhenStopped.Do(() => Directory.Delete(folder, recursive: true));
        string path = Path.Combine(folder, "log");
        DirectFile.Create(path + ".0", length).Dispose(); // The name of its first segment.
        _device = Devices.CreateLogDevice(path);
        _log = new FasterLog(new FasterLogSettings
        {
            LogDevice = _device,
            SegmentSize = length,
            PageSize = PageSize,
            MemorySize = MemorySize,
            LogChecksum = LogChecksumType.PerEntry,
            FastCommitMode = true,
            TryRecoverLatest = false,
        });
    }

    /// <summary>Begins to commit, where a task does; until <see cref="Stop"/>, since it finds no rest where nobody appends.</summary>
    internal void Start()
    {
        _isStopped = false;
        _committing = _commits == FasterCommits.ByATask ? Task.Run(CommitAsync) : Task.CompletedTask;
    }

    internal void Stop()
    {
        _isStopped = true;
        _committing.Wait();
    }

    internal async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record)
    {
        if (_commits == FasterCommits.ByATask)
        {
            return await _log.EnqueueAndWaitForCommitAsync(record).ConfigureAwait(false);
        }

        long address = await _log.EnqueueAsync(record).ConfigureAwait(false);
        _log.Commit();
        await _log.WaitForCommitAsync(address + 1).ConfigureAwait(false);
        return address;
    }

    public void Dispose()
    {
        _log.Dispose();
        _device.Dispose();
        _whenStopped.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task CommitAsync()
    {
        while (!_isStopped)
        {
            await _log.CommitAsync().ConfigureAwait(false);
            await Task.Yield();
        }
    }
}
