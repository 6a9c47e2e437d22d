using System.Runtime.InteropServices;

namespace DirectMap.FaultLoad.Load;

/// <summary>
/// What a page holds: one word over and over, and one byte of it in the last part, where <see cref="MappedRegion.Fill"/> stores. The word
/// tells file, page and generation, and is never zero, so that an anonymous page, another page, another file's page and an older content
/// are all told from the right one.
/// </summary>
internal static class PageContent
{
    /// <summary>Where the bytes begin.</summary>
    internal const int FillOffset = 4032;

    internal static readonly int PageSize = Environment.SystemPageSize;

    internal static ulong WordOf(ulong file, int page, int generation)
    {
        ulong mixed = file ^ ((ulong)(uint)page << 32) ^ (uint)generation;
        mixed = (mixed ^ (mixed >> 33)) * 0xFF51AFD7ED558CCD;
        mixed = (mixed ^ (mixed >> 33)) * 0xC4CEB9FE1A85EC53;
        return (mixed ^ (mixed >> 33)) | 1;
    }

    internal static void Write(Span<byte> page, ulong word)
    {
        MemoryMarshal.Cast<byte, ulong>(page).Fill(word);
        page[FillOffset..].Fill((byte)word);
    }

    internal static bool IsRight(ReadOnlySpan<byte> page, ulong word) =>
        MemoryMarshal.Cast<byte, ulong>(page[..FillOffset]).ContainsAnyExcept(word) is false
        && page[FillOffset..].ContainsAnyExcept((byte)word) is false;
}
