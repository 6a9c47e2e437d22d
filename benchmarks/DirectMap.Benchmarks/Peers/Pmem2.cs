using System.Runtime.InteropServices;
using DirectMap.Stores;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Peers;

/// <summary>
/// A file mapped by libpmem2, where it is installed (Debian: libpmem2), at the granularity of a cache line whatever the memory is:
/// PMEM2_FORCE_GRANULARITY, which is what its users emulate persistent memory with. Its functions are called by their addresses and without
/// a change to the collector's mode, the cheapest call that there is.
/// </summary>
internal sealed unsafe partial class Pmem2 : IDisposable
{
    /// <summary>PMEM2_F_MEM_NODRAIN.</summary>
    internal const uint NoDrain = 1;

    /// <summary>PMEM2_F_MEM_NOFLUSH.</summary>
    internal const uint NoFlush = 1 << 5;

    private const string Library = "libpmem2.so.1";

    private static readonly Lazy<string?> s_missing = new(FindMissing);

    private readonly delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, uint, void*> _copy;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, uint, void*> _move;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, int, nuint, uint, void*> _set;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, nuint, void> _persist;
    private readonly delegate* unmanaged[SuppressGCTransition]<void*, nuint, void> _flush;
    private readonly delegate* unmanaged[SuppressGCTransition]<void> _drain;
    private readonly SafeFileHandle _file;
    private nint _config;
    private nint _source;
    private nint _map;

    /// <summary>Maps the whole file.</summary>
    /// <param name="path">An existing file.</param>
    /// <param name="granularity">What PMEM2_FORCE_GRANULARITY shall be: BYTE, CACHE_LINE or PAGE.</param>
    /// <exception cref="NotSupportedException"><see cref="Missing"/> says why.</exception>
    /// <exception cref="IOException">libpmem2 refuses.</exception>
    internal Pmem2(string path, string granularity = "CACHE_LINE")
    {
        if (Missing is { } missing)
        {
            throw new NotSupportedException(missing);
        }

        _file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            // .NET keeps an environment of its own; libpmem2 reads the process's, at each map.
            Check(setenv("PMEM2_FORCE_GRANULARITY", granularity, 1));
            Check(pmem2_config_new(out _config));
            Check(pmem2_source_from_fd(out _source, _file));
            Check(pmem2_config_set_required_store_granularity(_config, 2)); // PAGE: whatever it is.
            Check(pmem2_map_new(out _map, _config, _source));
            Start = (byte*)pmem2_map_get_address(_map);
            Length = (long)pmem2_map_get_size(_map);
            _copy = (delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, uint, void*>)pmem2_get_memcpy_fn(_map);
            _move = (delegate* unmanaged[SuppressGCTransition]<void*, void*, nuint, uint, void*>)pmem2_get_memmove_fn(_map);
            _set = (delegate* unmanaged[SuppressGCTransition]<void*, int, nuint, uint, void*>)pmem2_get_memset_fn(_map);
            _persist = (delegate* unmanaged[SuppressGCTransition]<void*, nuint, void>)pmem2_get_persist_fn(_map);
            _flush = (delegate* unmanaged[SuppressGCTransition]<void*, nuint, void>)pmem2_get_flush_fn(_map);
            _drain = (delegate* unmanaged[SuppressGCTransition]<void>)pmem2_get_drain_fn(_map);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there is no such peer; null where there is.</summary>
    internal static string? Missing => s_missing.Value;

    /// <summary>The first byte; valid until <see cref="Dispose"/>.</summary>
    internal byte* Start { get; }

    /// <summary>Bytes.</summary>
    internal long Length { get; }

    // The ranges of all of these are the callers' to keep within the mapping.

    /// <summary>pmem2_get_memcpy_fn.</summary>
    internal void Copy(byte* to, byte* from, nuint length, uint flags = 0) => _copy(to, from, length, flags);

    /// <summary>pmem2_get_memmove_fn.</summary>
    internal void Move(byte* to, byte* from, nuint length, uint flags = 0) => _move(to, from, length, flags);

    /// <summary>pmem2_get_memset_fn.</summary>
    internal void Fill(byte* to, byte value, nuint length, uint flags = 0) => _set(to, value, length, flags);

    /// <summary>pmem2_get_persist_fn.</summary>
    internal void Persist(byte* start, nuint length) => _persist(start, length);

    /// <summary>pmem2_get_flush_fn.</summary>
    internal void Flush(byte* start, nuint length) => _flush(start, length);

    /// <summary>pmem2_get_drain_fn.</summary>
    internal void Drain() => _drain();

    /// <summary>Unmaps and closes.</summary>
    public void Dispose()
    {
        if (_map != 0)
        {
            _ = pmem2_map_delete(ref _map);
        }

        if (_source != 0)
        {
            _ = pmem2_source_delete(ref _source);
        }

        if (_config != 0)
        {
            _ = pmem2_config_delete(ref _config);
        }

        _file.Dispose();
    }

    private static string? FindMissing() =>
        NativeLibrary.TryLoad(Library, out _) ? null : $"{Library} is not installed (Debian and Ubuntu: the package libpmem2)";

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new IOException($"libpmem2: {Marshal.PtrToStringUTF8(pmem2_errormsg())}", result);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport(Library)]
    private static partial nint pmem2_errormsg();

    [LibraryImport(Library)]
    private static partial int pmem2_config_new(out nint config);

    [LibraryImport(Library)]
    private static partial int pmem2_config_delete(ref nint config);

    [LibraryImport(Library)]
    private static partial int pmem2_config_set_required_store_granularity(nint config, int granularity);

    [LibraryImport(Library)]
    private static partial int pmem2_source_from_fd(out nint source, SafeFileHandle fd);

    [LibraryImport(Library)]
    private static partial int pmem2_source_delete(ref nint source);

    [LibraryImport(Library)]
    private static partial int pmem2_map_new(out nint map, nint config, nint source);

    [LibraryImport(Library)]
    private static partial int pmem2_map_delete(ref nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_map_get_address(nint map);

    [LibraryImport(Library)]
    private static partial nuint pmem2_map_get_size(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_memcpy_fn(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_memmove_fn(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_memset_fn(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_persist_fn(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_flush_fn(nint map);

    [LibraryImport(Library)]
    private static partial nint pmem2_get_drain_fn(nint map);
}
