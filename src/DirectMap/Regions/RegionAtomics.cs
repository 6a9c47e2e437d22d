using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace DirectMap;

/// <summary>Atomic operations on a region's values: <see cref="MappedRegion.Atomics"/>.</summary>
/// <remarks>
/// Each does what the method of <see cref="Interlocked"/> or <see cref="Volatile"/> with its name does, and is checked as
/// <see cref="MappedRegion.Read"/> and <see cref="MappedRegion.Write"/> are. What is stored is visible to every thread and process that
/// maps the same bytes. It is durable only after <see cref="MappedRegion.Persist(long, long)"/>, so others may have acted on a value that a
/// crash takes back.
/// </remarks>
public readonly unsafe struct RegionAtomics
{
    private readonly MappedRegion? _region;

    internal RegionAtomics(MappedRegion region) => _region = region;

    [MemberNotNull(nameof(_region))]
    private void ThrowIfNone()
    {
        if (_region is null)
        {
            Throw();
        }

        [DoesNotReturn]
        static void Throw() => throw new ObjectDisposedException(typeof(RegionAtomics).FullName);
    }

    /// <summary>
    /// Reads a value; no later load or store of this thread is made before it (<see cref="Volatile.Read(ref readonly long)"/>).
    /// </summary>
    /// <typeparam name="T">A primitive type or an enumeration, of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="offset">Of its first byte; 0 to <see cref="MappedRegion.Length"/> - the value's size, a multiple of that size.</param>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not a multiple of the value's size.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is of another kind.</exception>
    /// <inheritdoc cref="MappedRegion.Read"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T ReadAcquire<T>(long offset)
        where T : unmanaged
    {
        ThrowIfNone();
        T* place = _region.BeginAtomic<T>(offset, FaultAccess.Read);
        nint word = _region.CurrentWord;
        T value = sizeof(T) switch
        {
            sizeof(byte) => Unsafe.BitCast<byte, T>(Volatile.Read(ref *(byte*)place)),
            sizeof(short) => Unsafe.BitCast<short, T>(Volatile.Read(ref *(short*)place)),
            sizeof(int) => Unsafe.BitCast<int, T>(Volatile.Read(ref *(int*)place)),
            _ => Unsafe.BitCast<long, T>(Volatile.Read(ref *(long*)place)),
        };
        _region.EndAtomic<T>(word, offset, FaultAccess.Read);
        return value;
    }

    /// <summary>
    /// Writes a value; every earlier load and store of this thread is made before it (<see cref="Volatile.Write(ref long, long)"/>).
    /// </summary>
    /// <param name="value">The value.</param>
    /// <inheritdoc cref="Exchange"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteRelease<T>(long offset, T value)
        where T : unmanaged
    {
        ThrowIfNone();
        T* place = _region.BeginAtomic<T>(offset, FaultAccess.Write);
        nint word = _region.CurrentWord;
        switch (sizeof(T))
        {
            case sizeof(byte):
                Volatile.Write(ref *(byte*)place, Unsafe.BitCast<T, byte>(value));
                break;
            case sizeof(short):
                Volatile.Write(ref *(short*)place, Unsafe.BitCast<T, short>(value));
                break;
            case sizeof(int):
                Volatile.Write(ref *(int*)place, Unsafe.BitCast<T, int>(value));
                break;
            default:
                Volatile.Write(ref *(long*)place, Unsafe.BitCast<T, long>(value));
                break;
        }

        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
    }

    /// <summary>Puts a value in the place of another one, and is a full fence (<see cref="Interlocked.Exchange{T}(ref T, T)"/>).</summary>
    /// <typeparam name="T">A primitive type or an enumeration, of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="offset">Of its first byte; 0 to <see cref="MappedRegion.Length"/> - the value's size, a multiple of that size.</param>
    /// <param name="value">What to put there.</param>
    /// <returns>What was there before.</returns>
    /// <exception cref="ArgumentException"><paramref name="offset"/> is not a multiple of the value's size.</exception>
    /// <exception cref="NotSupportedException">The region is read-only, or <typeparamref name="T"/> is of another kind.</exception>
    /// <inheritdoc cref="MappedRegion.Write"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Exchange<T>(long offset, T value)
        where T : unmanaged
    {
        ThrowIfNone();
        T* place = _region.BeginAtomic<T>(offset, FaultAccess.Write);
        nint word = _region.CurrentWord;
        T before = Interlocked.Exchange(ref *place, value);
        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
        return before;
    }

    /// <summary>
    /// Replaces a value if it is what is expected, and is a full fence (<see cref="Interlocked.CompareExchange{T}(ref T, T, T)"/>).
    /// </summary>
    /// <remarks>It is a store also when nothing is replaced.</remarks>
    /// <param name="comparand">What is expected.</param>
    /// <returns>What was there before; equal to <paramref name="comparand"/> if it was replaced.</returns>
    /// <inheritdoc cref="Exchange"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T CompareExchange<T>(long offset, T value, T comparand)
        where T : unmanaged
    {
        ThrowIfNone();
        T* place = _region.BeginAtomic<T>(offset, FaultAccess.Write);
        nint word = _region.CurrentWord;
        T before = Interlocked.CompareExchange(ref *place, value, comparand);
        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
        return before;
    }

    /// <summary>
    /// Adds to a value, wrapping around at its type's limits, and is a full fence (<see cref="Interlocked.Add(ref long, long)"/>).
    /// </summary>
    /// <typeparam name="T">An integer of 4 or 8 bytes: int, uint, long, ulong, nint, nuint.</typeparam>
    /// <param name="value">What to add; below 0 it is taken away.</param>
    /// <returns>The sum, which is there now.</returns>
    /// <inheritdoc cref="Exchange"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Add<T>(long offset, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        ThrowIfNone();
        T* place = BeginInteger<T>(offset);
        nint word = _region.CurrentWord;
        T sum = sizeof(T) == sizeof(int)
            ? Unsafe.BitCast<int, T>(Interlocked.Add(ref *(int*)place, Unsafe.BitCast<T, int>(value)))
            : Unsafe.BitCast<long, T>(Interlocked.Add(ref *(long*)place, Unsafe.BitCast<T, long>(value)));
        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
        return sum;
    }

    /// <summary>
    /// Clears the bits of a value that are not set in another one, and is a full fence (<see cref="Interlocked.And(ref long, long)"/>).
    /// </summary>
    /// <param name="value">The bits that stay.</param>
    /// <returns>What was there before.</returns>
    /// <inheritdoc cref="Add"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T And<T>(long offset, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        ThrowIfNone();
        T* place = BeginInteger<T>(offset);
        nint word = _region.CurrentWord;
        T before = sizeof(T) == sizeof(int)
            ? Unsafe.BitCast<int, T>(Interlocked.And(ref *(int*)place, Unsafe.BitCast<T, int>(value)))
            : Unsafe.BitCast<long, T>(Interlocked.And(ref *(long*)place, Unsafe.BitCast<T, long>(value)));
        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
        return before;
    }

    /// <summary>
    /// Sets the bits of a value that are set in another one, and is a full fence (<see cref="Interlocked.Or(ref long, long)"/>).
    /// </summary>
    /// <param name="value">The bits to set.</param>
    /// <returns>What was there before.</returns>
    /// <inheritdoc cref="Add"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Or<T>(long offset, T value)
        where T : unmanaged, IBinaryInteger<T>
    {
        ThrowIfNone();
        T* place = BeginInteger<T>(offset);
        nint word = _region.CurrentWord;
        T before = sizeof(T) == sizeof(int)
            ? Unsafe.BitCast<int, T>(Interlocked.Or(ref *(int*)place, Unsafe.BitCast<T, int>(value)))
            : Unsafe.BitCast<long, T>(Interlocked.Or(ref *(long*)place, Unsafe.BitCast<T, long>(value)));
        _region.EndAtomic<T>(word, offset, FaultAccess.Write);
        return before;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T* BeginInteger<T>(long offset, [CallerMemberName] string operation = "")
        where T : unmanaged, IBinaryInteger<T>
    {
        ThrowIfNone();
        T* place = _region.BeginAtomic<T>(offset, FaultAccess.Write);
        if (sizeof(T) < sizeof(int))
        {
            _region.ThrowUnsupported<T>(offset, FaultAccess.Write, operation);
        }

        return place;
    }
}
