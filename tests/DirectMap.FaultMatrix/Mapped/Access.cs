using System.Buffers;

namespace DirectMap.FaultMatrix.Mapped;

/// <summary>A way to make an access: a column of the table.</summary>
/// <param name="Name">As the command line has it.</param>
/// <param name="Title">As the table has it.</param>
/// <param name="Kind">What it does to the bytes.</param>
/// <param name="Reports">What the exception calls it.</param>
/// <param name="Reach">Which bytes it is made to.</param>
/// <param name="Make">Makes it, and returns what was read; null for stores. The action is called once what has
/// to be opened is open.</param>
internal sealed record Access(
    string Name, string Title, AccessKind Kind, FaultAccess Reports, AccessReach Reach, Func<MappedRegion, long, int, Action, byte[]?> Make)
{
    private const long Value = unchecked((long)0xA5A5_A5A5_A5A5_A5A5);
    private const long Before = 0x5A5A_5A5A_5A5A_5A5A;

    /// <summary>Each byte that a cell stores.</summary>
    internal const byte Stored = 0xA5;

    internal static Access Persist { get; } = new(
        "persist", "persist", AccessKind.Persist, FaultAccess.Persist, AccessReach.Pages, StoreAndPersist);

    internal static IReadOnlyList<Access> All { get; } =
    [
        new("scalar-read", "scalar read", AccessKind.Load, FaultAccess.Read, AccessReach.Scalar, ReadScalar),
        new("scalar-write", "scalar write", AccessKind.Store, FaultAccess.Write, AccessReach.Scalar, WriteScalar),
        new("compare-exchange", "compare-exchange", AccessKind.Store, FaultAccess.Write, AccessReach.Aligned, CompareExchange),
        new("span-read", "span read", AccessKind.Load, FaultAccess.Scope, AccessReach.Pages, ReadSpan),
        new("span-write", "span write", AccessKind.Store, FaultAccess.Scope, AccessReach.Pages, WriteSpan),
        new("memory-read", "memory read", AccessKind.Load, FaultAccess.Memory, AccessReach.Pages, ReadMemory),
        new("memory-write", "memory write", AccessKind.Store, FaultAccess.Memory, AccessReach.Pages, WriteMemory),
        new("sequence", "sequence", AccessKind.Load, FaultAccess.Memory, AccessReach.Pages, ReadSequence),
        new("copy-in", "copy in", AccessKind.Store, FaultAccess.Write, AccessReach.Pages, CopyIn),
        new("copy-out", "copy out", AccessKind.Load, FaultAccess.Read, AccessReach.Pages, CopyOut),
        new("fill", "fill", AccessKind.Store, FaultAccess.Write, AccessReach.Pages, Fill),
        Persist,
    ];

    /// <summary>Whether it is one of those that are made by system calls where there is no handler.</summary>
    internal bool IsCopy => Name is "copy-in" or "copy-out" or "fill";

    /// <summary>Where it is made, so that good pages come before the first lost one, where there are any.</summary>
    /// <remarks>
    /// Long ones begin where no vector store lies across two pages: on a full btrfs, asking for the second page writes back and protects
    /// the first one, and the other way round, so that such a store may never end, with or without a handler.
    /// </remarks>
    internal (long Offset, int Length) PlaceAt(long firstLost) => Reach switch
    {
        AccessReach.Scalar => (firstLost > 0 ? (firstLost * PageRun.Page) - 4 : 8, sizeof(long)),
        AccessReach.Aligned => ((firstLost * PageRun.Page) + 8, sizeof(long)),
        _ => ((Math.Max(firstLost - 4, 0) * PageRun.Page) + 64, (int)((40 * PageRun.Page) - 128)),
    };

    private static byte[]? ReadScalar(MappedRegion region, long offset, int length, Action isOpen)
    {
        isOpen();
        return BitConverter.GetBytes(region.Read<long>(offset));
    }

    private static byte[]? WriteScalar(MappedRegion region, long offset, int length, Action isOpen)
    {
        isOpen();
        region.Write(offset, Value);
        return null;
    }

    private static byte[]? CompareExchange(MappedRegion region, long offset, int length, Action isOpen)
    {
        isOpen();
        long found = region.Atomics.CompareExchange(offset, Value, Before);
        if (found != Before && found != Value)
        {
            Check.Equal(found, region.Atomics.CompareExchange(offset, Value, found), "what a second compare-exchange finds");
        }

        return null;
    }

    private static byte[]? ReadSpan(MappedRegion region, long offset, int length, Action isOpen)
    {
        using RegionScope scope = region.OpenScope(offset, length);
        ReadOnlySpan<byte> span = scope.ReadOnlySpan;
        isOpen();
        byte[] bytes = new byte[length];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = span[i];
        }

        scope.Complete();
        return bytes;
    }

    private static byte[]? WriteSpan(MappedRegion region, long offset, int length, Action isOpen)
    {
        using RegionScope scope = region.OpenScope(offset, length);
        Span<byte> span = scope.Span;
        isOpen();
        span.Fill(Stored);
        scope.Complete();
        return null;
    }

    private static byte[]? ReadMemory(MappedRegion region, long offset, int length, Action isOpen)
    {
        using RegionMemory memory = region.GetMemory(offset, length);
        ReadOnlyMemory<byte> bytes = memory.ReadOnlyMemory;
        ReadOnlySpan<byte> span = bytes.Span;
        isOpen();
        byte[] read = span.ToArray();
        Complete(memory.Complete, () => _ = bytes.Span.Length, "the next use of the memory");
        GC.KeepAlive(memory);
        return read;
    }

    private static byte[]? WriteMemory(MappedRegion region, long offset, int length, Action isOpen)
    {
        using RegionMemory memory = region.GetMemory(offset, length);
        Memory<byte> bytes = memory.Memory;
        Span<byte> span = bytes.Span;
        isOpen();
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = Stored;
        }

        Complete(memory.Complete, () => _ = bytes.Span.Length, "the next use of the memory");
        GC.KeepAlive(memory);
        return null;
    }

    private static byte[]? ReadSequence(MappedRegion region, long offset, int length, Action isOpen)
    {
        using RegionSequence sequence = region.GetSequence(offset, length);
        ReadOnlySequence<byte> bytes = sequence.Sequence;
        ReadOnlySpan<byte> span = bytes.FirstSpan;
        isOpen();
        byte[] read = span.ToArray();
        Complete(sequence.Complete, () => _ = bytes.ToArray(), "the next use of the sequence");
        GC.KeepAlive(sequence);
        return read;
    }

    /// <summary>Where the end reports something, so must the next use.</summary>
    private static void Complete(Action complete, Action next, string what)
    {
        try
        {
            complete();
        }
        catch (MappingFaultException)
        {
            Check.Throws<MappingFaultException>(next, what);
            throw;
        }
        catch (ObjectDisposedException)
        {
            Check.Throws<ObjectDisposedException>(next, what);
            throw;
        }

        next();
    }

    private static byte[]? CopyIn(MappedRegion region, long offset, int length, Action isOpen)
    {
        byte[] source = new byte[length];
        Array.Fill(source, Stored);
        isOpen();
        region.CopyFrom(offset, source);
        return null;
    }

    private static byte[]? CopyOut(MappedRegion region, long offset, int length, Action isOpen)
    {
        byte[] destination = new byte[length];
        isOpen();
        region.CopyTo(offset, destination);
        return destination;
    }

    private static byte[]? Fill(MappedRegion region, long offset, int length, Action isOpen)
    {
        isOpen();
        region.Fill(offset, length, Stored);
        return null;
    }

    /// <summary>A store in the middle, which somebody does not hear of, and then the whole.</summary>
    private static byte[]? StoreAndPersist(MappedRegion region, long offset, int length, Action isOpen)
    {
        isOpen();
        try
        {
            region.Write(PersistStoreAt(offset, length), Value);
        }
        catch (MappingFaultException)
        {
            // Persist must tell it again.
        }

        region.Persist(offset, length);
        return null;
    }

    /// <summary>
    /// Where <see cref="Persist"/> stores: within what it makes durable, in the first lost page where good ones come before.
    /// </summary>
    internal static long PersistStoreAt(long offset, int length) => offset + Math.Min(4 * PageRun.Page, length / 4 / 8 * 8);
}

internal enum AccessKind
{
    Load,
    Store,
    Persist,
}

internal enum AccessReach
{
    /// <summary>A value across the boundary to the first lost page.</summary>
    Scalar,

    /// <summary>A value in the first lost page.</summary>
    Aligned,

    /// <summary>Forty pages.</summary>
    Pages,
}
