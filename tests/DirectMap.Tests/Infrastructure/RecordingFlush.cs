using DirectMap.Stores;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Flushes nothing, and remembers what it was asked for by its thread.</summary>
internal unsafe struct RecordingFlush : ILineFlush
{
    [ThreadStatic]
    private static List<(nuint Address, nuint Length)>? t_ranges;

    [ThreadStatic]
    private static bool t_evicts;

    public static bool NonTemporalStoresEvict => t_evicts;

    /// <summary>All of this thread since they were last cleared.</summary>
    internal static List<(nuint Address, nuint Length)> Ranges => t_ranges ??= [];

    /// <summary>Begins anew, as on a processor whose non-temporal stores evict, or do not.</summary>
    internal static void Begin(bool evicts)
    {
        t_evicts = evicts;
        Ranges.Clear();
    }

    public static StoreForm Best(nuint address, nuint length) => StoreForms.Best(address, length, t_evicts);

    public static void Flush(byte* start, nuint length) => Ranges.Add(((nuint)start, length));
}
