using System.Runtime.CompilerServices;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>Loads and stores of single values.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Reads a value, aligned or not.</summary>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">Of its first byte; 0 to <see cref="Length"/> - the value's size.</param>
    /// <returns>The value in the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The value does not lie within the region.</exception>
    /// <exception cref="MappingFaultException">The mapping was revoked, or the kernel could not provide the page. With
    /// <see cref="PolicyCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).</exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Read<T>(long offset)
        where T : unmanaged
    {
        if (sizeof(T) <= sizeof(ulong) ? (ulong)offset >= _readableWords : offset < 0 || offset > _readableLength - sizeof(T))
        {
            return ReadSlowly<T>(offset);
        }

        // The word's address first, then the access, then the word, and neither the compiler nor the processor may swap
        // them: see RegionMapping.
        int* word = (int*)Volatile.Read(ref _word);
        T value = Unsafe.ReadUnaligned<T>(_start + offset);
        Volatile.ReadBarrier();
        if (*word > (int)MappingLife.Releasing)
        {
            _core.Confirm(word, offset, sizeof(T), FaultAccess.Read);
        }

        GC.KeepAlive(this);
        return value;
    }

    /// <summary>Writes a value, aligned or not.</summary>
    /// <remarks>It is durable only after <see cref="Persist(long, long)"/>.</remarks>
    /// <typeparam name="T">A type without references.</typeparam>
    /// <param name="offset">Of its first byte; 0 to <see cref="Length"/> - the value's size.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value does not lie within the region.</exception>
    /// <exception cref="MappingFaultException">
    /// The mapping was revoked, and the value may or may not have reached the file; or the kernel could not provide the page, and it has
    /// not. With <see cref="PolicyCheck.AtAccess"/> also: it was refused before it was made (<see cref="MappingFaultException.Cause"/>).
    /// </exception>
    /// <exception cref="IOException">With <see cref="PolicyCheck.AtAccess"/>: the block map could not be read.</exception>
    /// <exception cref="NotSupportedException">The region is read-only.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed; the value may or may not have reached the file.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write<T>(long offset, T value)
        where T : unmanaged
    {
        if (sizeof(T) <= sizeof(ulong) ? (ulong)offset >= _writableWords : offset < 0 || offset > _writableLength - sizeof(T))
        {
            WriteSlowly(offset, value);
            return;
        }

        int* word = (int*)Volatile.Read(ref _word);
        Unsafe.WriteUnaligned(_start + offset, value);

        // The store first, then the word. The processor may still hold the store back when it reads the word; the barrier that comes
        // between the change of the word and the replacement of the pages makes it visible first: see RegionMapping.Invalidate, and
        // tell() in handler.c.
        Volatile.ReadBarrier();
        if (*word > (int)MappingLife.Releasing)
        {
            _core.Confirm(word, offset, sizeof(T), FaultAccess.Write);
        }

        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T ReadSlowly<T>(long offset)
        where T : unmanaged
    {
        CheckAccess(offset, sizeof(T), FaultAccess.Read);
        int* word = Enter(offset, sizeof(T), FaultAccess.Read);
        T value = Unsafe.ReadUnaligned<T>(_start + offset); // In bounds and alive: as checked, and until Leave.
        Leave(word, offset, sizeof(T), FaultAccess.Read);
        return value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteSlowly<T>(long offset, T value)
        where T : unmanaged
    {
        CheckAccess(offset, sizeof(T), FaultAccess.Write);
        int* word = Enter(offset, sizeof(T), FaultAccess.Write);
        Unsafe.WriteUnaligned(_start + offset, value); // In bounds and alive: as checked, and until Leave.
        Leave(word, offset, sizeof(T), FaultAccess.Write);
    }

    /// <summary>The access lies outside the region, or is not allowed, or has to be judged first.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CheckAccess(long offset, long length, FaultAccess access)
    {
        if (access == FaultAccess.Write)
        {
            ThrowIfReadOnly();
        }

        if (offset < 0 || length < 0 || offset > _length - length)
        {
            ThrowOutOfRange(offset, length);
        }

        if (_core.IsGuarded)
        {
            _core.Judge(offset, length, access);
        }

        if (access == FaultAccess.Write)
        {
            BeforeStore(offset);
        }
    }

    /// <summary>
    /// Before a store in the slow way, or one through a span that is handed out. The first one of a region takes it; those that come after
    /// it take the fast way where there is one, to whatever window.
    /// </summary>
    private void BeforeStore(long offset)
    {
        if (_hasFolios && Volatile.Read(ref _storedWindow) != (FileOffset + offset) / LargeFolios.Window)
        {
            _core.BeforeStore(offset);
            Volatile.Write(ref _storedWindow, (FileOffset + offset) / LargeFolios.Window);
            _writableLength = _readableLength;
            _writableWords = _readableWords;
        }
    }

    /// <summary>What accesses that begin now look at when they have been made: see <see cref="Confirm"/>.</summary>
    internal nint CurrentWord => Volatile.Read(ref _word);

    /// <summary>The access may begin. Returns the word to be looked at afterwards.</summary>
    internal int* Enter(long offset, long length, FaultAccess access)
    {
        if (_core.Mapping.IsCooperative && !_core.Mapping.TryEnter())
        {
            throw _core.Fault(new FileRange(FileOffset + offset, length), access, isMade: false);
        }

        return (int*)Volatile.Read(ref _word);
    }

    /// <summary>The access was made; whether it reached the file is known now.</summary>
    internal void Leave(int* word, long offset, long length, FaultAccess access)
    {
        if (_core.Mapping.IsCooperative)
        {
            _core.Mapping.Exit();
        }

        Confirm((nint)word, offset, length, access);
    }

    /// <summary>
    /// Whether accesses that were made met the file, by the word that was the region's before them: the accesses first, then the word,
    /// as in Read and Write.
    /// </summary>
    internal void Confirm(nint word, long offset, long length, FaultAccess access)
    {
        Volatile.ReadBarrier();
        if (*(int*)word > (int)MappingLife.Releasing)
        {
            _core.Confirm((int*)word, offset, length, access);
        }

        GC.KeepAlive(this);
    }

    private void ThrowIfReadOnly()
    {
        if (Access == MappingAccess.Read)
        {
            throw new NotSupportedException($"The region of '{Path}' is mapped for reading only.");
        }
    }
}
