namespace DirectMap.Stores;

/// <summary>As <see cref="CopyKernel"/>, with one value for all bytes.</summary>
internal static unsafe class FillKernel
{
    /// <inheritdoc cref="CopyKernel.Temporal"/>
    internal static void Temporal(byte* to, byte value, nuint length) =>
        StoreLoop.Up<TemporalStores, ValueSource>(to, new ValueSource(value), 0, length);

    /// <inheritdoc cref="CopyKernel.NonTemporal"/>
    internal static Leftover NonTemporal(byte* to, byte value, nuint length) =>
        NonTemporalLoop.Up<NonTemporalStores, TemporalStores, ValueSource>(to, new ValueSource(value), length);
}
