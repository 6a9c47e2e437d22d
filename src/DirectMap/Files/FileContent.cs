using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Telemetry;

namespace DirectMap.Files;

/// <summary>
/// The bytes of one file as they are read, made durable, and told of when that fails. Breaks no lease. Safe for any thread.
/// </summary>
internal sealed class FileContent(OwnedFile own, FileEvents events)
{
    private readonly FailureWatch _failures = new(own.Id, own.Inode.Syncs, events);

    /// <inheritdoc cref="DirectFile.WritebackFailure"/>
    internal WritebackFailure? WritebackFailure
    {
        get
        {
            own.ThrowIfClosed();
            SyncLedger syncs = own.Inode.Syncs;
            return syncs.LastFailure is { } failure && failure.Number > syncs.Acknowledged
                ? new WritebackFailure(
                    own.Id, failure.Number, failure.Errno, Errno.ToException(failure.Errno, "writing back", own.Path).Message)
                : null;
        }
    }

    /// <inheritdoc cref="DirectFile.Read"/>
    internal int Read(Span<byte> buffer, long fileOffset)
    {
        int errno = AliasedBuffers.TryRead(own.File, buffer, fileOffset, out int count);
        GC.KeepAlive(own);
        return errno == 0 ? count : throw Errno.ToException(errno, "pread", own.Path, FileRanges.Of(fileOffset, buffer.Length));
    }

    /// <inheritdoc cref="DirectFile.ReadAsync"/>
    internal ValueTask<int> ReadAsync(Memory<byte> buffer, long fileOffset, CancellationToken cancellationToken)
    {
        own.ThrowIfClosed();
        return new(Task.Run(() => Read(buffer.Span, fileOffset), cancellationToken));
    }

    /// <inheritdoc cref="DirectFile.Flush"/>
    internal void Flush()
    {
        OpenedFile file = own.File;
        long before = _failures.Last;
        int sync = own.Inode.Syncs.Begin();
        int errno = Errno.EBADF; // disposed meanwhile
        try
        {
            int told = file.TryGetLength(out long length) == 0
                ? own.Inode.WriteInSteps(sync, file, new FileRange(0, length))
                : 0;
            errno = told != 0 ? told : errno; // Whatever comes now.
            int synced = file.TrySync();
            errno = told != 0 ? told : synced;
        }
        finally
        {
            own.Inode.EndSync(sync, errno);
        }

        _failures.ThrowIfFailed(errno, before, "fsync", own.Path, FileRange.Whole);
        GC.KeepAlive(own);
    }

    /// <inheritdoc cref="DirectFile.FlushAsync"/>
    internal Task FlushAsync(CancellationToken cancellationToken)
    {
        own.ThrowIfClosed();
        return Task.Run(Flush, cancellationToken);
    }

    /// <inheritdoc cref="DirectFile.AcknowledgeWritebackFailure"/>
    internal void Acknowledge(WritebackFailure failure)
    {
        own.ThrowIfClosed();
        if (failure.File != own.Id)
        {
            throw new ArgumentException(
                $"The failure is that of file {failure.File}, not of '{own.Path}' ({own.Id}).", nameof(failure));
        }

        own.Inode.Syncs.Acknowledge(failure.Number);
    }
}
