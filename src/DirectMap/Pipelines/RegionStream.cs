namespace DirectMap.Pipelines;

/// <summary>
/// A part of a region as a stream of fixed length. Invariants:
/// <list type="number">
/// <item>Each call is one checked access of the region, also at the stream's end: a region that has gone is no end of a file.</item>
/// <item>What may have been stored since the last flush lies within written: it grows before a store is made, and is empty again when a
/// flush has begun, which puts it back if it fails.</item>
/// <item>Nothing is kept here but positions. So Dispose has nothing to write, and CopyTo is the base's: a rented buffer, from which
/// only bytes go on that are known to be the file's.</item>
/// </list>
/// </summary>
internal sealed class RegionStream(MappedRegion region, long start, long end) : Stream
{
    private readonly long _length = end - start;
    private long _position;
    private long _writtenFrom = long.MaxValue; // from the stream's begin, as the position
    private long _writtenTo; // not after writtenFrom: nothing was written
    private bool _isDisposed;

    public override bool CanRead => !_isDisposed;

    public override bool CanSeek => !_isDisposed;

    public override bool CanWrite => !_isDisposed && region.Access == MappingAccess.ReadWrite;

    public override long Length
    {
        get
        {
            ThrowIfDisposed();
            return _length;
        }
    }

    public override long Position
    {
        get
        {
            ThrowIfDisposed();
            return _position;
        }
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ThrowIfDisposed();
            _position = value;
        }
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        ThrowIfDisposed();
        long from = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            SeekOrigin.End => _length,
            _ => throw new ArgumentException($"{origin} is no origin.", nameof(origin)),
        };
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - from);
        if (from + offset < 0)
        {
            throw new IOException($"A stream has no position before its begin: {from} and {offset} bytes.");
        }

        _position = from + offset;
        return _position;
    }

    public override void SetLength(long value)
    {
        ThrowIfDisposed();
        throw new NotSupportedException($"A stream over a region of '{region.Path}' keeps its length of {_length} bytes.");
    }

    public override int Read(Span<byte> buffer)
    {
        ThrowIfDisposed();
        long at = Math.Min(_position, _length);
        int count = (int)Math.Min(buffer.Length, _length - at);
        region.CopyTo(start + at, buffer[..count]);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int ReadByte()
    {
        ThrowIfDisposed();
        if (_position >= _length)
        {
            region.CopyTo(start + _length, []);
            return -1;
        }

        byte value = region.Read<byte>(start + _position);
        _position++;
        return value;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken); // First, as a MemoryStream does.
        }

        ThrowIfDisposed();
        try
        {
            return new ValueTask<int>(Read(buffer.Span));
        }
        catch (Exception exception)
        {
            return ValueTask.FromException<int>(exception);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        BeginWrite(buffer.Length);
        region.CopyFrom(start + _position, buffer);
        _position += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    public override void WriteByte(byte value)
    {
        BeginWrite(1);
        region.Write(start + _position, value);
        _position++;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken); // First, as a MemoryStream does.
        }

        ThrowIfDisposed();
        try
        {
            Write(buffer.Span);
            return default;
        }
        catch (Exception exception)
        {
            return ValueTask.FromException(exception);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override void Flush()
    {
        ThrowIfDisposed();
        if (_writtenFrom < _writtenTo)
        {
            region.Persist(start + _writtenFrom, _writtenTo - _writtenFrom);
            (_writtenFrom, _writtenTo) = (long.MaxValue, 0);
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken); // First, as a MemoryStream does.
        }

        ThrowIfDisposed();
        return _writtenFrom < _writtenTo ? PersistAsync(cancellationToken) : Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    private async Task PersistAsync(CancellationToken cancellationToken)
    {
        (long from, long to) = (_writtenFrom, _writtenTo);
        (_writtenFrom, _writtenTo) = (long.MaxValue, 0);
        try
        {
            await region.PersistAsync(start + from, to - from, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            SetWritten(from, to);
            throw;
        }
    }

    private void BeginWrite(int count)
    {
        ThrowIfDisposed();
        if (!CanWrite)
        {
            throw new NotSupportedException($"The region of '{region.Path}' is mapped for reading only.");
        }

        if (count > _length - _position)
        {
            throw new NotSupportedException(
                $"{count} bytes at {_position} do not fit into the stream over a region of '{region.Path}', which keeps its length of "
                    + $"{_length} bytes. None was written.");
        }

        if (count > 0)
        {
            SetWritten(_position, _position + count);
        }
    }

    private void SetWritten(long from, long to) => (_writtenFrom, _writtenTo) = (Math.Min(_writtenFrom, from), Math.Max(_writtenTo, to));

    /// <summary>The type that the user knows is the region's.</summary>
    private void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            throw new ObjectDisposedException(
                typeof(MappedRegion).FullName,
                $"The stream over the region of '{region.Path}' was disposed ({nameof(MappedRegion.GetStream)}).");
        }
    }
}
