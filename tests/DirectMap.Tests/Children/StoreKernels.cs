using System.Globalization;
using DirectMap.Stores;

namespace DirectMap.Tests.Children;

/// <summary>What is stored with: each kernel in both ways, and the lengths at which one does something else than before.</summary>
internal static unsafe class StoreKernels
{
    /// <summary>The exit code of a process whose widest vector is another one than was asked for.</summary>
    internal const int OtherVectors = 4;

    /// <summary>Around every width and every number of blocks of four, with the head and tail that a line may leave.</summary>
    internal static readonly int[] Edges =
    [
        0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 31, 32, 33, 39, 47, 48, 63, 64, 65, 71, 72, 95, 96, 97, 127, 128, 129, 135, 136, 159,
        191, 192, 193, 255, 256, 257, 263, 300, 319, 320, 321,
    ];

    internal static readonly int[] Large =
    [
        (int)StoreForms.BrokenWords - 1, (int)StoreForms.BrokenWords, (int)StoreForms.BrokenWords + 1, 4095, 4096, 4097,
        (int)StoreForms.Hint - 1, (int)StoreForms.Hint, (int)StoreForms.Hint + 1
    ];

    internal delegate void Store(byte* to, byte* from, nuint length);

    internal static readonly Store[] Copies =
    [
        static (to, from, length) => new CopyKernel(from).Temporal(to, 0, length),
        static (to, from, length) => new CopyKernel(from).NonTemporal(to, 0, length),
    ];

    internal static readonly Store[] Moves =
    [
        static (to, from, length) => new MoveKernel(from).Temporal(to, 0, length),
        static (to, from, length) => new MoveKernel(from).NonTemporal(to, 0, length),
    ];

    /// <summary>Fills with the source's first byte.</summary>
    internal static readonly Store[] Fills =
    [
        static (to, from, length) => new FillKernel(*from).Temporal(to, 0, length),
        static (to, from, length) => new FillKernel(*from).NonTemporal(to, 0, length),
    ];

    internal static bool IsWidest(string bytes)
    {
        Console.WriteLine($"widest vector: {StoreLoop.Widest}, non-temporal: {NonTemporalStores.IsNonTemporal}");
        return StoreLoop.Widest == int.Parse(bytes, CultureInfo.InvariantCulture);
    }
}
