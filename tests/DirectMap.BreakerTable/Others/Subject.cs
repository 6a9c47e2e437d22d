using System.Runtime.InteropServices;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.BreakerTable.Others;

/// <summary>The file of one row, and another one beside it, in a folder of their own.</summary>
internal sealed unsafe class Subject : IDisposable
{
    /// <summary>
    /// As in Native/breaker.h: the file has three parts of equal length, and an operation changes the middle one where it has the choice.
    /// </summary>
    internal const int Part = 65536;

    internal const int Begin = Part;
    internal const int WholeLength = 3 * Part;
    private const int O_PATH = 0x200000;
    private const int PageSize = 4096;

    private static readonly DirectFileOptions s_unguarded = new() { Guard = GuardOptions.None };

    private readonly SafeFileHandle _place; // It is no opened file to leases, and finds the file under any name.

    internal Subject(string folder)
    {
        Folder = Directory.CreateDirectory(folder).FullName;
        Path = Create("file", (byte)'m');
        Other = Create("other", (byte)'o');
        _place = PlainCalls.Open(Path, O_PATH);
    }

    internal string Folder { get; }

    internal string Path { get; }

    internal string Other { get; }

    /// <summary>Whether the file has a value that was stored to the mapping: past the page cache where that is possible.</summary>
    internal bool HasValue(int offset, long value)
    {
        using SafeFileHandle file = PlainCalls.Open($"/proc/self/fd/{_place.DangerousGetHandle()}", PlainCalls.O_RDONLY);
        _ = PlainCalls.SetDirect(file);
        void* page = NativeMemory.AlignedAlloc(PageSize, PageSize);
        try
        {
            // In bounds and alive: the page is as long as the span, and freed below.
            Span<byte> bytes = new(page, PageSize);
            int start = offset / PageSize * PageSize;
            int count = RandomAccess.Read(file, bytes, start);
            return count >= offset - start + sizeof(long) && MemoryMarshal.Read<long>(bytes[(offset - start)..]) == value;
        }
        finally
        {
            NativeMemory.AlignedFree(page);
        }
    }

    /// <summary>The whole content, of any length.</summary>
    internal byte[] Bytes()
    {
        using SafeFileHandle file = PlainCalls.Open($"/proc/self/fd/{_place.DangerousGetHandle()}", PlainCalls.O_RDONLY);
        byte[] bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        return bytes;
    }

    public void Dispose()
    {
        _place.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>
    /// Its parts differ from each other, so that a moved one is seen. The first half of the middle one is the same in both files, so that
    /// it can be deduplicated, and the second half is not, so that a copy is seen.
    /// </summary>
    private string Create(string name, byte own)
    {
        string path = System.IO.Path.Combine(Folder, name);
        using DirectFile file = DirectFile.Create(path, WholeLength, s_unguarded);
        byte[] content = new byte[WholeLength];
        content.AsSpan(0, Begin).Fill((byte)'a');
        content.AsSpan(Begin, Part / 2).Fill((byte)'l');
        content.AsSpan(Begin + (Part / 2), Part / 2).Fill(own);
        content.AsSpan(Begin + Part).Fill((byte)'z');
        file.Write(content, 0);
        file.Flush();
        return path;
    }
}
