using System.Security.Cryptography;
using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Files;

/// <summary>
/// What files look like before an operation: made by the same plain calls for every file that is to be compared. And what a file
/// looks like afterwards.
/// </summary>
internal static class TwinStates
{
    internal const string Written = "written", Sparse = "sparse, with blocks beyond the end", SmallFile = "small",
        Sharing = "sharing blocks with its source";

    internal const int Small = 100;

    /// <summary>How far the source reaches into its ninth page.</summary>
    internal const int SourceTail = 123;

    private const int Page = FileOperation.Page;

    /// <summary>Makes a state of an empty file; its source is there already.</summary>
    internal static void Make(string state, SafeFileHandle file, SafeFileHandle? source)
    {
        switch (state)
        {
            case Written:
                Write(file, 0, 16 * Page);
                break;
            case Sparse:
                Write(file, 0, 2 * Page);
                Allocate(file, 0, 4 * Page, 4 * Page);
                Write(file, 8 * Page, 2 * Page);
                Ok(PlainCalls.SetLength(file, 16 * Page));
                Allocate(file, PlainCalls.KeepSize, 16 * Page, 4 * Page);
                break;
            case SmallFile:
                Write(file, 0, Small);
                break;
            case Sharing:
                Write(file, 0, 16 * Page);
                Ok(PlainCalls.Fsync(file));
                Ok(PlainCalls.CloneRange(source!, 0, file, 0, 6 * Page));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(state), state, "Not in the table.");
        }

        Ok(PlainCalls.Fsync(file));
    }

    /// <summary>The first four pages are those of a written file; there is a hole, and the end lies within a page.</summary>
    internal static void MakeSource(SafeFileHandle file)
    {
        Write(file, 0, 4 * Page);
        Write(file, 4 * Page, (4 * Page) + SourceTail, seed: 3);
        Allocate(file, PlainCalls.PunchHole | PlainCalls.KeepSize, 6 * Page, Page);
        Ok(PlainCalls.Fsync(file));
    }

    /// <summary>
    /// All that can be seen of a file, for comparing and for reading when it differs: its length, its bytes (not the middle of a
    /// long one), its extents.
    /// </summary>
    internal static string Of(SafeFileHandle file)
    {
        string extents = string.Join(" ", PlainCalls.Extents(file));
        long length = RandomAccess.GetLength(file);
        byte[] head = new byte[Math.Min(length, 1 << 20)];
        Assert.Equal(head.Length, RandomAccess.Read(file, head, 0));
        byte[] tail = new byte[Math.Min(length - head.Length, Page)];
        Assert.Equal(tail.Length, RandomAccess.Read(file, tail, length - tail.Length));
        return $"{length} bytes, content {Convert.ToHexString(SHA256.HashData([.. head, .. tail]).AsSpan(0, 8))}, extents {extents}";
    }

    /// <summary>The same without the bytes.</summary>
    internal static string WithoutContent(string state) => Regex.Replace(state, "content [0-9A-F]+, ", "");

    internal static void Ok(PlainCalls.Answer answer) => Assert.Equal(0, answer.Errno);

    /// <summary>Content that depends on the place, different in every page.</summary>
    private static void Write(SafeFileHandle file, long offset, int length, int seed = 0)
    {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++)
        {
            data[i] = (byte)(((offset + i) * 31 / 7) + seed + ((offset + i) / Page));
        }

        Assert.Equal(new PlainCalls.Answer(0, length), PlainCalls.Write(file, data, offset));
    }

    private static void Allocate(SafeFileHandle file, int mode, long offset, long length) =>
        Ok(PlainCalls.Allocate(file, mode, offset, length));
}
