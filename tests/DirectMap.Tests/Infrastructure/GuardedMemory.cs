using System.Runtime.InteropServices;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Memory between two pages that nobody may touch: an access beyond either end is the end of the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int PROT_READ_WRITE = 3;
    private const int MAP_PRIVATE_ANONYMOUS = 0x22;

    private readonly byte* _mapping;

    /// <param name="pages">How many can be touched.</param>
    internal GuardedMemory(int pages)
    {
        int page = Environment.SystemPageSize;
        Length = pages * page;
        _mapping = (byte*)Map(null, (nuint)(Length + (2 * page)), 0, MAP_PRIVATE_ANONYMOUS, -1, 0);
        Assert.NotEqual(-1, (nint)_mapping);
        Start = _mapping + page;
        Assert.Equal(0, Protect(Start, (nuint)Length, PROT_READ_WRITE));
    }

    internal byte* Start { get; }

    internal int Length { get; }

    internal byte* End => Start + Length;

    /// <summary>All that can be touched. The caller keeps this object.</summary>
    internal Span<byte> Span => new(Start, Length);

    public void Dispose() => Assert.Equal(0, Unmap(_mapping, (nuint)(Length + (2 * Environment.SystemPageSize))));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* start, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* start, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* start, nuint length);
}
