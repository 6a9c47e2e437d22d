using System.Buffers;
using System.Runtime.InteropServices;

namespace DirectMap.FaultLoad.Load;

/// <summary>The ways to get at a region's bytes.</summary>
internal enum AccessKind
{
    Read,
    Write,
    CompareExchange,
    ReadScope,
    WriteScope,
    CopyTo,
    CopyFrom,
    Fill,
    ReadMemory,
    WriteMemory,
    Sequence,
    Persist,
}

/// <summary>One access: of which kind, and to which bytes of the region.</summary>
internal readonly record struct Access(AccessKind Kind, long Offset, int Length)
{
    /// <summary>The most pages that an access touches.</summary>
    internal const int MaxPages = 4;

    private static readonly AccessKind[] s_kinds = Enum.GetValues<AccessKind>();

    /// <summary>Those that make loads or stores themselves.</summary>
    private static readonly AccessKind[] s_touching = [.. s_kinds.Where(kind => kind != AccessKind.Persist)];

    /// <summary>Those that touch each page between the first byte and the last.</summary>
    private static readonly AccessKind[] s_wide = [AccessKind.Read, AccessKind.CopyTo, AccessKind.CopyFrom, AccessKind.Fill];

    internal int FirstPage => (int)(Offset / PageContent.PageSize);

    internal int EndPage => (int)((Offset + Length - 1) / PageContent.PageSize) + 1;

    /// <summary>Whether the bytes are touched before it is looked whether a page is lost.</summary>
    internal bool TouchesFirst => Kind is AccessKind.Read or AccessKind.Write or AccessKind.CompareExchange or AccessKind.CopyTo
        or AccessKind.CopyFrom or AccessKind.Fill;

    /// <summary>What an exception says of it.</summary>
    internal FaultAccess FaultAccess => Kind switch
    {
        AccessKind.Read or AccessKind.CopyTo => FaultAccess.Read,
        AccessKind.ReadScope or AccessKind.WriteScope => FaultAccess.Scope,
        AccessKind.ReadMemory or AccessKind.WriteMemory or AccessKind.Sequence => FaultAccess.Memory,
        AccessKind.Persist => FaultAccess.Persist,
        _ => FaultAccess.Write,
    };

    /// <summary>Any kind, within one page.</summary>
    internal static Access Choose(Random random, int page) => Of(s_kinds[random.Next(s_kinds.Length)], random, page);

    /// <summary>Any kind that makes a load or a store, within one page.</summary>
    internal static Access ChooseTouching(Random random, int page) => Of(s_touching[random.Next(s_touching.Length)], random, page);

    /// <summary>One of a kind, within one page.</summary>
    internal static Access Of(AccessKind kind, Random random, int page)
    {
        (int from, int length) = kind switch
        {
            AccessKind.Fill => (PageContent.FillOffset, PageContent.PageSize - PageContent.FillOffset),
            AccessKind.Read or AccessKind.Write or AccessKind.CompareExchange =>
                (random.Next(PageContent.FillOffset / sizeof(ulong)) * sizeof(ulong), sizeof(ulong)),
            _ => (random.Next(56) * 64, 8 * random.Next(1, 56)),
        };
        return new Access(kind, ((long)page * PageContent.PageSize) + from, length);
    }

    /// <summary>One that touches several pages.</summary>
    internal static Access ChooseWide(Random random, int page, int count)
    {
        AccessKind kind = s_wide[random.Next(s_wide.Length)];
        long start = (long)page * PageContent.PageSize;
        return kind == AccessKind.Read
            ? new Access(kind, start + PageContent.PageSize - random.Next(1, sizeof(ulong)), sizeof(ulong))
            : new Access(kind, start + random.Next(64), (count * PageContent.PageSize) - 64);
    }

    /// <summary>Makes it.</summary>
    /// <param name="region">Where.</param>
    /// <param name="expected">The word that the page should have.</param>
    /// <param name="stored">The word that is stored, or its low byte, by kinds that store.</param>
    /// <param name="buffer">Room for what is copied.</param>
    /// <returns>The word that was seen by kinds that load; zero where they saw different ones. Otherwise the expected one.</returns>
    internal ulong Make(MappedRegion region, ulong expected, ulong stored, byte[] buffer)
    {
        switch (Kind)
        {
            case AccessKind.Read:
                return region.Read<ulong>(Offset);
            case AccessKind.Write:
                region.Write(Offset, stored);
                return expected;
            case AccessKind.CompareExchange:
                return region.Atomics.CompareExchange(Offset, stored, expected);
            case AccessKind.ReadScope:
                {
                    using RegionScope scope = region.OpenScope(Offset, Length);
                    ulong seen = OneWord(scope.ReadOnlySpan);
                    scope.Complete();
                    return seen;
                }

            case AccessKind.WriteScope:
                {
                    using RegionScope scope = region.OpenScope(Offset, Length);
                    MemoryMarshal.Cast<byte, ulong>(scope.Span).Fill(stored);
                    scope.Complete();
                    return expected;
                }

            case AccessKind.CopyTo:
                region.CopyTo(Offset, buffer.AsSpan(0, Length));
                return OneWord(buffer.AsSpan(0, Length));
            case AccessKind.CopyFrom:
                MemoryMarshal.Cast<byte, ulong>(buffer.AsSpan()).Fill(stored);
                region.CopyFrom(Offset, buffer.AsSpan(0, Length));
                return expected;
            case AccessKind.Fill:
                region.Fill(Offset, Length, (byte)stored);
                return expected;
            case AccessKind.ReadMemory:
                {
                    RegionMemory memory = region.GetMemory(Offset, Length);
                    using IMemoryOwner<byte> owner = memory;
                    ulong seen = OneWord(memory.Memory.Span);
                    memory.Complete();
                    return seen;
                }

            case AccessKind.WriteMemory:
                {
                    RegionMemory memory = region.GetMemory(Offset, Length);
                    using IMemoryOwner<byte> owner = memory;
                    MemoryMarshal.Cast<byte, ulong>(memory.Memory.Span).Fill(stored);
                    memory.Complete();
                    return expected;
                }

            case AccessKind.Persist:
                region.Persist(Offset, Length);
                return expected;
            default:
                {
                    using RegionSequence sequence = region.GetSequence(Offset, Length);
                    sequence.Sequence.CopyTo(buffer);
                    sequence.Complete();
                    return OneWord(buffer.AsSpan(0, Length));
                }
        }
    }

    private static ulong OneWord(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        return words.ContainsAnyExcept(words[0]) ? 0 : words[0];
    }
}
