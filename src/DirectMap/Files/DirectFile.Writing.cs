using System.Runtime.CompilerServices;
using DirectMap.Durability;
using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <content>Reading and writing bytes, and making them durable.</content>
public sealed partial class DirectFile
{
    /// <summary>Reads bytes with pread(2). Breaks no lease.</summary>
    /// <param name="buffer">Where to put them; it may overlap them (the span of a scope of a region of this file), and then they are copied
    /// by way of as much memory.</param>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <returns>How many were read; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative.</exception>
    /// <exception cref="IOException">Reading failed.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int errno = AliasedBuffers.TryRead(File, buffer, offset, out int count);
        GC.KeepAlive(this);
        return errno == 0 ? count : throw Errno.ToException(errno, "pread", Path, RangeOf(offset, buffer.Length));
    }

    /// <summary>Makes everything that was written to the file so far durable, by whatever way, with fsync(2). Breaks no lease.</summary>
    /// <exception cref="WritebackFailureException">
    /// Writing back failed (EIO, ENOSPC): now, or at any sync of the file through this library before, since the kernel reports a failure
    /// once and does not try again what failed. It stays so until it is acknowledged: <see cref="AcknowledgeWritebackFailure"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void Flush()
    {
        OpenedFile file = File;
        long before = _failures.Last;
        int sync = _own.Inode.Syncs.Begin();
        int errno = Errno.EBADF; // disposed meanwhile
        try
        {
            int told = file.TryGetLength(out long length) == 0
                ? _own.Inode.WriteInSteps(sync, file, new FileRange(0, length))
                : 0;
            errno = told != 0 ? told : errno; // Whatever comes now.
            int synced = file.TrySync();
            errno = told != 0 ? told : synced;
        }
        finally
        {
            _own.Inode.EndSync(sync, errno);
        }

        _failures.ThrowIfFailed(errno, before, "fsync", Path, FileRange.Whole);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// The last failure to write back, as long as it is not acknowledged; null when there is none. Until then every
    /// <see cref="MappedRegion.Persist()"/> and <see cref="Flush"/> of the file in this process throws, also of regions that were mapped
    /// since, because the kernel reports a failure once, does not say whose bytes were lost, and does not try again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public WritebackFailure? WritebackFailure
    {
        get
        {
            _own.ThrowIfClosed();
            SyncLedger syncs = _own.Inode.Syncs;
            return syncs.LastFailure is { } failure && failure.Number > syncs.Acknowledged
                ? new WritebackFailure(Id, failure.Number, failure.Errno, Errno.ToException(failure.Errno, "writing back", Path).Message)
                : null;
        }
    }

    /// <summary>
    /// Says that a failure to write back was seen. Do this first, then write the bytes again that were not durable yet, and persist
    /// them: what the kernel failed to write it counts as clean, and does not write again by itself. Other regions and files that were
    /// there at the failure are told once more, at their next persist or flush, so that each can do the same for its bytes. Later
    /// failures are not acknowledged by it.
    /// </summary>
    /// <param name="failure">What <see cref="WritebackFailure"/> has shown.</param>
    /// <exception cref="ArgumentException">It is another file's.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="failure"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void AcknowledgeWritebackFailure(WritebackFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        _own.ThrowIfClosed();
        if (failure.File != Id)
        {
            throw new ArgumentException($"The failure is that of file {failure.File}, not of '{Path}' ({Id}).", nameof(failure));
        }

        _own.Inode.Syncs.Acknowledge(failure.Number);
    }

    /// <inheritdoc cref="Flush()"/>
    /// <remarks>A pool thread makes the system call.</remarks>
    /// <param name="cancellationToken">Ends it before it begins; fsync itself is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Task.Run(Flush, cancellationToken);

    /// <summary>
    /// Writes bytes with pwrite(2); grows the file where they reach beyond its end. When the device is full, some of them may have been
    /// written. They are durable after <see cref="Flush"/>.
    /// </summary>
    /// <param name="data">The bytes; they may overlap where they go (the span of a scope of a region of this file), and then they are
    /// copied by way of as much memory.</param>
    /// <inheritdoc cref="PunchHole"/>
    [OverloadResolutionPriority(1)] // an empty collection expression would fit both
    public void Write(ReadOnlySpan<byte> data, long offset, BreakOptions? options = null)
    {
        SpanWrite write = new(RangeOf(offset, data.Length), data);
        _operations.PerformAtOnce(write, options);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte}, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    [OverloadResolutionPriority(1)]
    public ValueTask WriteAsync(
        ReadOnlyMemory<byte> data, long offset, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        FileRange range = RangeOf(offset, data.Length);
        LayoutChange change = new(
            LayoutOperation.Write, range, "pwrite", file => AliasedBuffers.TryWrite(file, data.Span, offset))
        {
            GrowsTo = GrowsTo(range)
        };
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Writes several buffers one after another with pwritev(2), under one right: nobody else who uses the library changes the file in
    /// between. Grows the file where they reach beyond its end. When the device is full, some of the bytes may have been written. They are
    /// durable after <see cref="Flush"/>.
    /// </summary>
    /// <param name="buffers">The bytes; they may overlap where any of them go (memory of a region of this file), and then they are
    /// copied by way of as much memory.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentNullException"><paramref name="buffers"/> is null.</exception>
    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset, BreakOptions? options = null)
    {
        LayoutChange change = Gather(buffers, offset);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="Write(IReadOnlyList{ReadOnlyMemory{byte}}, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask WriteAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> buffers,
        long offset,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        LayoutChange change = Gather(buffers, offset);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>To write nothing grows nothing, wherever it is.</summary>
    private static long GrowsTo(FileRange range) => range.Length == 0 ? 0 : range.End;

    private static LayoutChange Gather(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long offset)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        ReadOnlyMemory<byte>[] all = [.. buffers];
        FileRange range = RangeOf(offset, all.Sum(buffer => (long)buffer.Length));
        return new(LayoutOperation.Write, range, "pwritev", file => AliasedBuffers.TryWrite(file, all, offset))
        {
            GrowsTo = GrowsTo(range)
        };
    }

    /// <summary>The write of a span.</summary>
    private readonly ref struct SpanWrite(FileRange range, ReadOnlySpan<byte> data) : ILayoutChange
    {
        private readonly ReadOnlySpan<byte> _data = data;

        public LayoutOperation Operation => LayoutOperation.Write;

        public FileRange Range => range;

        public string Call => "pwrite";

        public bool TakesBlocksAway => false;

        public LayoutSource? Source => null;

        public long GrowsTo => DirectFile.GrowsTo(range);

        public long ReachesTo => GrowsTo;

        public int Apply(OpenedFile file) => AliasedBuffers.TryWrite(file, _data, range.Offset);
    }
}
