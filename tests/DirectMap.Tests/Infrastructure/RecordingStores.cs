using System.Runtime.Intrinsics;
using DirectMap.Stores;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Stores like others, and remembers each store of its thread.</summary>
/// <typeparam name="TStores">The others.</typeparam>
internal unsafe struct RecordingStores<TStores> : IStores
    where TStores : IStores
{
    public static bool IsNonTemporal => TStores.IsNonTemporal;

    public static void Part<T>(byte* to, T value)
        where T : unmanaged
    {
        StoreRecord.Add(to, sizeof(T), isNonTemporal: false);
        TStores.Part(to, value);
    }

    public static void Word(byte* to, ulong value)
    {
        StoreRecord.Add(to, sizeof(ulong), IsNonTemporal);
        TStores.Word(to, value);
    }

    public static void Vector(byte* to, Vector128<byte> value)
    {
        StoreRecord.Add(to, 16, IsNonTemporal);
        TStores.Vector(to, value);
    }

    public static void Vector(byte* to, Vector256<byte> value)
    {
        StoreRecord.Add(to, 32, IsNonTemporal);
        TStores.Vector(to, value);
    }

    public static void Vector(byte* to, Vector512<byte> value)
    {
        StoreRecord.Add(to, 64, IsNonTemporal);
        TStores.Vector(to, value);
    }
}

/// <summary>One store.</summary>
internal readonly record struct StoreRecord(nuint Address, int Size, bool IsNonTemporal)
{
    [ThreadStatic]
    private static List<StoreRecord>? t_all;

    /// <summary>All of this thread since they were last cleared.</summary>
    internal static List<StoreRecord> All => t_all ??= [];

    internal static unsafe void Add(byte* to, int size, bool isNonTemporal) => All.Add(new StoreRecord((nuint)to, size, isNonTemporal));
}
