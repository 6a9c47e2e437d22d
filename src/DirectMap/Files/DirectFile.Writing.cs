using System.Runtime.CompilerServices;
using DirectMap.Files;

namespace DirectMap;

/// <content>Reading and writing bytes, and making them durable.</content>
public sealed partial class DirectFile
{
    /// <summary>Reads bytes with pread(2).</summary>
    /// <remarks>It breaks no lease.</remarks>
    /// <param name="buffer">Where to put them; it may overlap them (the span of a scope of a region of this file), and then they are copied
    /// by way of as much memory.</param>
    /// <param name="fileOffset">First byte in the file; 0 or more.</param>
    /// <returns>How many were read; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fileOffset"/> is negative.</exception>
    /// <exception cref="IOException">Reading failed.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Read(Span<byte> buffer, long fileOffset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        return _content.Read(buffer, fileOffset);
    }

    /// <remarks>
    /// <inheritdoc cref="Read(Span{byte}, long)"/> A pool thread makes the system call, and is held until it returns, as in
    /// <see cref="RandomAccess"/>; nothing else is waited for. The buffer is the call's until the task has ended, however it ends.
    /// </remarks>
    /// <inheritdoc cref="Read(Span{byte}, long)"/>
    /// <param name="cancellationToken">Ends it where it has not begun yet: the pool thread that comes for it leaves the buffer as it is.
    /// Reading itself is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing was read.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> buffer, long fileOffset, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fileOffset);
        return _content.ReadAsync(buffer, fileOffset, cancellationToken);
    }

    /// <summary>Makes everything that was written to the file so far durable, by whatever way, with fsync(2).</summary>
    /// <remarks>It breaks no lease.</remarks>
    /// <exception cref="WritebackFailureException">
    /// Writing back failed (EIO, ENOSPC): now, or at any sync of the file through this library before, since the kernel reports a failure
    /// once and does not try again what failed. It stays so until it is acknowledged: <see cref="AcknowledgeWritebackFailure"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void Flush() => _content.Flush();

    /// <summary>The last failure to write back, as long as it is not acknowledged; null when there is none.</summary>
    /// <remarks>
    /// Until then every <see cref="MappedRegion.Persist()"/> and <see cref="Flush"/> of the file in this process throws, also of regions
    /// that were mapped since, because the kernel reports a failure once, does not say whose bytes were lost, and does not try again.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public WritebackFailure? WritebackFailure => _content.WritebackFailure;

    /// <summary>Says that a failure to write back was seen.</summary>
    /// <remarks>
    /// Do this first, then write the bytes again that were not durable yet, and persist them: what the kernel failed to write it counts as
    /// clean, and does not write again by itself. Other regions and files that were there at the failure are told once more, at their next
    /// persist or flush, so that each can do the same for its bytes. Later failures are not acknowledged by it.
    /// </remarks>
    /// <param name="failure">What <see cref="WritebackFailure"/> has shown.</param>
    /// <exception cref="ArgumentException">It is another file's.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="failure"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void AcknowledgeWritebackFailure(WritebackFailure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        _content.Acknowledge(failure);
    }

    /// <remarks><inheritdoc cref="Flush()"/> A pool thread makes the system call.</remarks>
    /// <inheritdoc cref="Flush()"/>
    /// <param name="cancellationToken">Ends it before it begins; fsync itself is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _content.FlushAsync(cancellationToken);

    /// <summary>Writes bytes with pwrite(2); grows the file where they reach beyond its end.</summary>
    /// <remarks>When the device is full, some of them may have been written. They are durable after <see cref="Flush"/>.</remarks>
    /// <param name="buffer">The bytes; they may overlap where they go (the span of a scope of a region of this file), and then they are
    /// copied by way of as much memory.</param>
    /// <param name="fileOffset">Where the first byte goes in the file; 0 or more.</param>
    /// <inheritdoc cref="PunchHole"/>
    [OverloadResolutionPriority(1)] // an empty collection expression would fit both
    public void Write(ReadOnlySpan<byte> buffer, long fileOffset, BreakOptions? options = null) =>
        _operations.PerformAtOnce(new SpanWrite(buffer, fileOffset), options);

    /// <inheritdoc cref="Write(ReadOnlySpan{byte}, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    [OverloadResolutionPriority(1)]
    public ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, long fileOffset, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(WriteChanges.Of(buffer, fileOffset), options, cancellationToken);

    /// <summary>
    /// Writes several buffers one after another with pwritev(2), under one right: nobody else who uses the library changes the file in
    /// between.
    /// </summary>
    /// <remarks>
    /// The file grows where they reach beyond its end. When the device is full, some of the bytes may have been written. They are
    /// durable after <see cref="Flush"/>.
    /// </remarks>
    /// <param name="buffers">The bytes; they may overlap where any of them go (memory of a region of this file), and then they are
    /// copied by way of as much memory.</param>
    /// <param name="fileOffset">Where the first byte goes in the file; 0 or more.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentNullException"><paramref name="buffers"/> is null.</exception>
    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long fileOffset, BreakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        _operations.Perform(WriteChanges.Of(buffers, fileOffset), options);
    }

    /// <inheritdoc cref="Write(IReadOnlyList{ReadOnlyMemory{byte}}, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask WriteAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> buffers,
        long fileOffset,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        return _operations.PerformAsync(WriteChanges.Of(buffers, fileOffset), options, cancellationToken);
    }
}
