using System.Runtime.CompilerServices;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>What atomic operations begin and end with.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Atomic operations on the region's values, as those of <see cref="Interlocked"/> and <see cref="Volatile"/>.</summary>
    /// <remarks>To all threads and processes that map the same bytes each is one step.</remarks>
    public RegionAtomics Atomics => new(this);

    /// <summary>
    /// An atomic operation may begin. Returns where; read <see cref="CurrentWord"/> before it is made. (To return the word as well would
    /// put it on the stack, which takes longer than the rest.)
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T* BeginAtomic<T>(long offset, FaultAccess access, [CallerMemberName] string operation = "")
        where T : unmanaged
    {
        // Words of 8 bytes, as in Read and Write. Where accesses take the slow way there are none, so Enter is left out only where it has
        // nothing to do. The processor has operations for primitive types and enumerations only: that is known when this is compiled, and
        // their sizes are powers of two.
        ulong words = access == FaultAccess.Write ? _writableWords : _readableWords;
        if ((!typeof(T).IsPrimitive && !typeof(T).IsEnum) || (ulong)offset >= words || (offset & (sizeof(T) - 1)) != 0)
        {
            return BeginAtomicSlowly<T>(offset, access, operation);
        }

        return (T*)(_start + offset);
    }

    /// <summary>The atomic operation was made; whether it reached the file is known now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void EndAtomic<T>(nint word, long offset, FaultAccess access)
        where T : unmanaged
    {
        if (_readableLength < 0)
        {
            EndAtomicSlowly<T>(word, offset, access);
            return;
        }

        Confirm(word, offset, sizeof(T), access);
    }

    /// <summary>For operations that the processor has on some types only.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void ThrowUnsupported<T>(long offset, FaultAccess access, string operation)
        where T : unmanaged
    {
        Leave((int*)CurrentWord, offset, 0, access);
        bool isInteger = operation is nameof(RegionAtomics.Add) or nameof(RegionAtomics.And) or nameof(RegionAtomics.Or);
        string fit = isInteger ? "integers of 4 or 8 bytes" : "primitive types and enumerations of 1, 2, 4 or 8 bytes";
        bool isOther = !isInteger && !typeof(T).IsPrimitive && !typeof(T).IsEnum;
        throw new NotSupportedException(
            $"{nameof(RegionAtomics)}.{operation} is for {fit}; {typeof(T)} has {sizeof(T)}{(isOther ? " and is none" : "")}.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T* BeginAtomicSlowly<T>(long offset, FaultAccess access, string operation)
        where T : unmanaged
    {
        CheckAccess(offset, sizeof(T), access);
        if (offset % sizeof(T) != 0)
        {
            throw new ArgumentException(
                $"An atomic operation on {sizeof(T)} bytes needs an offset that is a multiple of {sizeof(T)}; {offset} is not.",
                nameof(offset));
        }

        Enter(offset, sizeof(T), access);
        if (!typeof(T).IsPrimitive && !typeof(T).IsEnum)
        {
            ThrowUnsupported<T>(offset, access, operation);
        }

        return (T*)(_start + offset); // In bounds and alive: as checked, and until EndAtomic.
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndAtomicSlowly<T>(nint word, long offset, FaultAccess access)
        where T : unmanaged => Leave((int*)word, offset, sizeof(T), access);
}
