using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DirectMap.Stores;

/// <summary>
/// Stores a range in pieces whose sizes are powers of two and whose addresses are multiples of them: growing ones up to the alignment of
/// the widest vector, as many of those as fit, and shrinking ones.
/// <para>
/// So each byte is stored once, and a word of eight bytes with an address that is a multiple of eight, if it lies in the range as a whole,
/// lies in one piece as a whole: nobody who loads it sees a part of it old and a part of it new. (The BCL's copies do not promise that:
/// they store unaligned vectors that overlap, and would store a part of such a word before the rest.) A piece wider than a word may arrive
/// in several steps, but not in steps that split a word.
/// </para>
/// <para>Each piece is loaded before it is stored, and a block of four before its first one is: so memory may be moved forwards with
/// <see cref="Up"/> to a lower address, and with <see cref="Down"/> to a higher one, over itself.</para>
/// </summary>
internal static unsafe partial class StoreLoop
{
    private const nuint Block = 4;

    private static bool Has512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    private static bool Has256 => Vector256.IsHardwareAccelerated && Avx.IsSupported;

    private static bool Has128 => Vector128.IsHardwareAccelerated;

    /// <summary>From the byte at <paramref name="at"/> to the one before <paramref name="end"/>.</summary>
    internal static void Up<TStores, TSource>(byte* to, TSource source, nuint at, nuint end)
        where TStores : IStores
        where TSource : ISource
    {
        // In bounds and alive: as the caller says of [to + at, to + end) and of the source; end - at >= size before each store.
        Grow<TStores, TSource, byte>(to, source, end, ref at);
        Grow<TStores, TSource, ushort>(to, source, end, ref at);
        Grow<TStores, TSource, uint>(to, source, end, ref at);
        if (((nuint)(to + at) & 8) != 0 && Has128 && end - at >= 8)
        {
            TStores.Word(to + at, source.Part<ulong>(at));
            at += 8;
        }

        if (((nuint)(to + at) & 16) != 0 && Has256 && end - at >= 16)
        {
            TStores.Vector(to + at, source.Vector128(at));
            at += 16;
        }

        if (((nuint)(to + at) & 32) != 0 && Has512 && end - at >= 32)
        {
            TStores.Vector(to + at, source.Vector256(at));
            at += 32;
        }

        if (Has512)
        {
            at = VectorsUp<TStores, TSource, Width512, Vector512<byte>>(to, source, at, end);
        }

        if (Has256)
        {
            at = VectorsUp<TStores, TSource, Width256, Vector256<byte>>(to, source, at, end);
        }

        if (Has128)
        {
            at = VectorsUp<TStores, TSource, Width128, Vector128<byte>>(to, source, at, end);
        }

        for (; end - at >= 8; at += 8)
        {
            TStores.Word(to + at, source.Part<ulong>(at));
        }

        Shrink<TStores, TSource, uint>(to, source, end, ref at);
        Shrink<TStores, TSource, ushort>(to, source, end, ref at);
        Shrink<TStores, TSource, byte>(to, source, end, ref at);
    }

    /// <summary>From the byte before <paramref name="end"/> to the one at <paramref name="begin"/>.</summary>
    internal static void Down<TStores, TSource>(byte* to, TSource source, nuint begin, nuint end)
        where TStores : IStores
        where TSource : ISource
    {
        // In bounds and alive: as the caller says of [to + begin, to + end) and of the source; end - begin >= size before each
        // store at end - size.
        GrowDown<TStores, TSource, byte>(to, source, begin, ref end);
        GrowDown<TStores, TSource, ushort>(to, source, begin, ref end);
        GrowDown<TStores, TSource, uint>(to, source, begin, ref end);
        if (((nuint)(to + end) & 8) != 0 && Has128 && end - begin >= 8)
        {
            end -= 8;
            TStores.Word(to + end, source.Part<ulong>(end));
        }

        if (((nuint)(to + end) & 16) != 0 && Has256 && end - begin >= 16)
        {
            end -= 16;
            TStores.Vector(to + end, source.Vector128(end));
        }

        if (((nuint)(to + end) & 32) != 0 && Has512 && end - begin >= 32)
        {
            end -= 32;
            TStores.Vector(to + end, source.Vector256(end));
        }

        if (Has512)
        {
            end = VectorsDown<TStores, TSource, Width512, Vector512<byte>>(to, source, begin, end);
        }

        if (Has256)
        {
            end = VectorsDown<TStores, TSource, Width256, Vector256<byte>>(to, source, begin, end);
        }

        if (Has128)
        {
            end = VectorsDown<TStores, TSource, Width128, Vector128<byte>>(to, source, begin, end);
        }

        for (; end - begin >= 8; end -= 8)
        {
            TStores.Word(to + end - 8, source.Part<ulong>(end - 8));
        }

        ShrinkDown<TStores, TSource, uint>(to, source, begin, ref end);
        ShrinkDown<TStores, TSource, ushort>(to, source, begin, ref end);
        ShrinkDown<TStores, TSource, byte>(to, source, begin, ref end);
    }

    /// <summary>As many vectors of one width as fit, in blocks of four where these do. Returns where the rest begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint VectorsUp<TStores, TSource, TWidth, TVector>(byte* to, TSource source, nuint at, nuint end)
        where TStores : IStores
        where TSource : ISource
        where TWidth : IWidth<TVector>
    {
        nuint size = TWidth.Size;
        if (end - at < size)
        {
            return at; // What the source makes of each vector is made for those who need it.
        }

        for (; end - at >= Block * size; at += Block * size)
        {
            TVector a = TWidth.Load(source, at), b = TWidth.Load(source, at + size), c = TWidth.Load(source, at + (2 * size)),
                d = TWidth.Load(source, at + (3 * size));
            TWidth.Store<TStores>(to + at, a);
            TWidth.Store<TStores>(to + at + size, b);
            TWidth.Store<TStores>(to + at + (2 * size), c);
            TWidth.Store<TStores>(to + at + (3 * size), d);
        }

        for (; end - at >= size; at += size)
        {
            TWidth.Store<TStores>(to + at, TWidth.Load(source, at));
        }

        return at;
    }

    /// <summary>The same from the last byte on. Returns where the rest ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint VectorsDown<TStores, TSource, TWidth, TVector>(byte* to, TSource source, nuint begin, nuint end)
        where TStores : IStores
        where TSource : ISource
        where TWidth : IWidth<TVector>
    {
        nuint size = TWidth.Size;
        if (end - begin < size)
        {
            return end;
        }

        for (; end - begin >= Block * size; end -= Block * size)
        {
            TVector a = TWidth.Load(source, end - size), b = TWidth.Load(source, end - (2 * size)),
                c = TWidth.Load(source, end - (3 * size)), d = TWidth.Load(source, end - (4 * size));
            TWidth.Store<TStores>(to + end - size, a);
            TWidth.Store<TStores>(to + end - (2 * size), b);
            TWidth.Store<TStores>(to + end - (3 * size), c);
            TWidth.Store<TStores>(to + end - (4 * size), d);
        }

        for (; end - begin >= size; end -= size)
        {
            TWidth.Store<TStores>(to + end - size, TWidth.Load(source, end - size));
        }

        return end;
    }

    /// <summary>A part, if the address is no multiple of twice its size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Grow<TStores, TSource, T>(byte* to, TSource source, nuint end, ref nuint at)
        where TStores : IStores
        where TSource : ISource
        where T : unmanaged
    {
        if (((nuint)(to + at) & (nuint)sizeof(T)) != 0)
        {
            Shrink<TStores, TSource, T>(to, source, end, ref at);
        }
    }

    /// <summary>A part, if there is room for it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Shrink<TStores, TSource, T>(byte* to, TSource source, nuint end, ref nuint at)
        where TStores : IStores
        where TSource : ISource
        where T : unmanaged
    {
        if (end - at >= (nuint)sizeof(T))
        {
            TStores.Part(to + at, source.Part<T>(at));
            at += (nuint)sizeof(T);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GrowDown<TStores, TSource, T>(byte* to, TSource source, nuint begin, ref nuint end)
        where TStores : IStores
        where TSource : ISource
        where T : unmanaged
    {
        if (((nuint)(to + end) & (nuint)sizeof(T)) != 0)
        {
            ShrinkDown<TStores, TSource, T>(to, source, begin, ref end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ShrinkDown<TStores, TSource, T>(byte* to, TSource source, nuint begin, ref nuint end)
        where TStores : IStores
        where TSource : ISource
        where T : unmanaged
    {
        if (end - begin >= (nuint)sizeof(T))
        {
            end -= (nuint)sizeof(T);
            TStores.Part(to + end, source.Part<T>(end));
        }
    }
}
