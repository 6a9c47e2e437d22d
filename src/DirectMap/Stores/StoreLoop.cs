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
            for (; end - at >= Block * 64; at += Block * 64)
            {
                Vector512<byte> a = source.Vector512(at), b = source.Vector512(at + 64), c = source.Vector512(at + 128),
                    d = source.Vector512(at + 192);
                TStores.Vector(to + at, a);
                TStores.Vector(to + at + 64, b);
                TStores.Vector(to + at + 128, c);
                TStores.Vector(to + at + 192, d);
            }

            for (; end - at >= 64; at += 64)
            {
                TStores.Vector(to + at, source.Vector512(at));
            }
        }

        if (Has256)
        {
            for (; end - at >= Block * 32; at += Block * 32)
            {
                Vector256<byte> a = source.Vector256(at), b = source.Vector256(at + 32), c = source.Vector256(at + 64),
                    d = source.Vector256(at + 96);
                TStores.Vector(to + at, a);
                TStores.Vector(to + at + 32, b);
                TStores.Vector(to + at + 64, c);
                TStores.Vector(to + at + 96, d);
            }

            for (; end - at >= 32; at += 32)
            {
                TStores.Vector(to + at, source.Vector256(at));
            }
        }

        if (Has128)
        {
            for (; end - at >= Block * 16; at += Block * 16)
            {
                Vector128<byte> a = source.Vector128(at), b = source.Vector128(at + 16), c = source.Vector128(at + 32),
                    d = source.Vector128(at + 48);
                TStores.Vector(to + at, a);
                TStores.Vector(to + at + 16, b);
                TStores.Vector(to + at + 32, c);
                TStores.Vector(to + at + 48, d);
            }

            for (; end - at >= 16; at += 16)
            {
                TStores.Vector(to + at, source.Vector128(at));
            }
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
            for (; end - begin >= Block * 64; end -= Block * 64)
            {
                Vector512<byte> a = source.Vector512(end - 64), b = source.Vector512(end - 128), c = source.Vector512(end - 192),
                    d = source.Vector512(end - 256);
                TStores.Vector(to + end - 64, a);
                TStores.Vector(to + end - 128, b);
                TStores.Vector(to + end - 192, c);
                TStores.Vector(to + end - 256, d);
            }

            for (; end - begin >= 64; end -= 64)
            {
                TStores.Vector(to + end - 64, source.Vector512(end - 64));
            }
        }

        if (Has256)
        {
            for (; end - begin >= Block * 32; end -= Block * 32)
            {
                Vector256<byte> a = source.Vector256(end - 32), b = source.Vector256(end - 64), c = source.Vector256(end - 96),
                    d = source.Vector256(end - 128);
                TStores.Vector(to + end - 32, a);
                TStores.Vector(to + end - 64, b);
                TStores.Vector(to + end - 96, c);
                TStores.Vector(to + end - 128, d);
            }

            for (; end - begin >= 32; end -= 32)
            {
                TStores.Vector(to + end - 32, source.Vector256(end - 32));
            }
        }

        if (Has128)
        {
            for (; end - begin >= Block * 16; end -= Block * 16)
            {
                Vector128<byte> a = source.Vector128(end - 16), b = source.Vector128(end - 32), c = source.Vector128(end - 48),
                    d = source.Vector128(end - 64);
                TStores.Vector(to + end - 16, a);
                TStores.Vector(to + end - 32, b);
                TStores.Vector(to + end - 48, c);
                TStores.Vector(to + end - 64, d);
            }

            for (; end - begin >= 16; end -= 16)
            {
                TStores.Vector(to + end - 16, source.Vector128(end - 16));
            }
        }

        for (; end - begin >= 8; end -= 8)
        {
            TStores.Word(to + end - 8, source.Part<ulong>(end - 8));
        }

        ShrinkDown<TStores, TSource, uint>(to, source, begin, ref end);
        ShrinkDown<TStores, TSource, ushort>(to, source, begin, ref end);
        ShrinkDown<TStores, TSource, byte>(to, source, begin, ref end);
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
