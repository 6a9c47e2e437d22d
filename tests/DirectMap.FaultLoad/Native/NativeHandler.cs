using System.Runtime.InteropServices;

namespace DirectMap.FaultLoad.Native;

/// <summary>
/// The exports of the native library that lies beside this program, called without the managed library between, which
/// only has the constants.
/// </summary>
internal static unsafe class NativeHandler
{
    internal const int Lost = FaultHandler.StateBlock.Lost;

    private static readonly nint s_library = NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "libdirectmap.so"));
    private static readonly delegate* unmanaged<long, int> s_install =
        (delegate* unmanaged<long, int>)Export("directmap_install");
    private static readonly delegate* unmanaged<byte*, nuint, int, int, FaultHandler.StateBlock*, void*> s_register =
        (delegate* unmanaged<byte*, nuint, int, int, FaultHandler.StateBlock*, void*>)Export("directmap_register");
    private static readonly delegate* unmanaged<void*, void> s_unregister =
        (delegate* unmanaged<void*, void>)Export("directmap_unregister");
    private static readonly delegate* unmanaged<void*, long, long, int, uint, int*, long> s_find =
        (delegate* unmanaged<void*, long, long, int, uint, int*, long>)Export("directmap_find");
    private static readonly delegate* unmanaged<void*, int, long, FaultHandler.StateBlock*, long*, long, int*, long> s_restore =
        (delegate* unmanaged<void*, int, long, FaultHandler.StateBlock*, long*, long, int*, long>)Export("directmap_restore");

    /// <summary>Installs the handler; with a limit, if none is given, that nothing here comes near.</summary>
    internal static void Install(long limit = 1 << 20)
    {
        int errno = s_install(limit);
        if (errno != 0)
        {
            throw new IOException($"directmap_install failed ({errno})");
        }
    }

    /// <summary>Whether the handler is the first to be told of a SIGBUS.</summary>
    internal static bool IsFirst =>
        ((delegate* unmanaged<nint>)Export("directmap_top"))() == ((delegate* unmanaged<nint>)Export("directmap_handler"))();

    internal static void* Register(byte* start, long length, FaultHandler.StateBlock* state)
    {
        void* range = s_register(start, (nuint)length, 3 /* PROT_READ, PROT_WRITE */, 1 /* MAP_SHARED */, state);
        return range != null ? range : throw new InsufficientMemoryException("directmap_register has no memory");
    }

    internal static void Unregister(void* range) => s_unregister(range);

    /// <summary>The first page that is lost now, or <see cref="FaultHandler.NoPage"/>.</summary>
    internal static long FindLost(void* range, long pages)
    {
        int code;
        return s_find(range, 0, pages, (int)FaultHandler.Wanted.LostNow, 0, &code);
    }

    /// <summary>
    /// The first page of [page, end) that an access which began in a generation must not believe, or <see cref="FaultHandler.NoPage"/>.
    /// </summary>
    internal static long FindSince(void* range, uint generation, long page, long end)
    {
        int code;
        return s_find(range, page, end, (int)FaultHandler.Wanted.LostSince, generation, &code);
    }

    /// <summary>Maps the file again where pages are lost, as far as they are before one; all of them if none is given.</summary>
    internal static long Restore(void* range, int file, FaultHandler.StateBlock* next, long goodPages = long.MaxValue)
    {
        int failure;
        long* good = stackalloc long[] { 0, goodPages };
        return s_restore(range, file, 0, next, good, 1, &failure);
    }

    /// <summary>A variable that only a library with hooks has.</summary>
    internal static int* Variable(string name) => (int*)Export(name);

    /// <summary>A state as of the first generation, in native memory; to be freed with <see cref="NativeMemory.AlignedFree"/>.</summary>
    internal static FaultHandler.StateBlock* NewState(uint generation = 1)
    {
        FaultHandler.StateBlock* state = (FaultHandler.StateBlock*)NativeMemory.AlignedAlloc((nuint)sizeof(FaultHandler.StateBlock), 64);
        *state = new FaultHandler.StateBlock { Generation = generation, First = FaultHandler.NoPage };
        return state;
    }

    private static nint Export(string name) => NativeLibrary.GetExport(s_library, name);
}
