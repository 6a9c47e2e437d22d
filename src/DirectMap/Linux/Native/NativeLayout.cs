namespace DirectMap.Linux;

/// <summary>
/// All that this code and the native library must have alike, as one word. SHARED in directmap.h is the same list, of the library's
/// constants, and says how the word is made.
/// </summary>
internal static unsafe class NativeLayout
{
    private const ulong FnvBasis = 0xcbf29ce484222325;
    private const ulong FnvPrime = 0x100000001b3;

    /// <summary>What directmap_layout of a library of this version answers.</summary>
    internal static ulong Word
    {
        get
        {
            FaultHandler.StateBlock state = default;
            ReadOnlySpan<long> shared =
            [
                NativeLibraryLoader.Abi,
                FaultHandler.NoPage,
                FaultHandler.StateBlock.Lost,
                sizeof(FaultHandler.StateBlock),
                OffsetOf(&state, &state.Word),
                OffsetOf(&state, &state.Generation),
                OffsetOf(&state, &state.First),
                SizeOf(&state.Word),
                SizeOf(&state.Generation),
                SizeOf(&state.First),
                (long)FaultHandler.Wanted.LostSince,
                (long)FaultHandler.Wanted.NotLostSince,
                (long)FaultHandler.Wanted.LostNow,
                (long)FaultHandler.Wanted.NotLostNow,
                (long)FaultHandler.Wanted.NotedNow,
                (long)FaultHandler.Wanted.NotNotedNow,
                FaultHandler.TakenAlong,
                (long)FaultCode.BUS_ADRERR,
                (long)FaultCode.BUS_OBJERR,
                (long)FaultCode.BUS_MCEERR_AR,
                (long)FaultCode.BUS_MCEERR_AO,
                (long)CacheFlush.Instruction.None,
                (long)CacheFlush.Instruction.Clflush,
                (long)CacheFlush.Instruction.Clflushopt,
                (long)CacheFlush.Instruction.Clwb,
                (long)CacheFlush.Instruction.DcCvac,
                (long)CacheFlush.Instruction.DcCvap,
                (long)SinkLayout.Way.PrivateMemory,
                (long)SinkLayout.Way.MemoryFile,
                (long)SinkLayout.Way.SharedMemory,
                SinkLayout.Ways,
            ];
            ReadOnlySpan<long> flags =
            [
                Mmap.PROT_READ,
                Mmap.PROT_WRITE,
                Mmap.MAP_SHARED,
                Mmap.MAP_PRIVATE,
                Mmap.MAP_FIXED,
                Mmap.MAP_ANONYMOUS,
                Mmap.MAP_NORESERVE,
            ];

            ulong word = With(FnvBasis, shared);
            foreach (char character in SinkLayout.Name)
            {
                word = With(word, [character]);
            }

            return With(word, flags);
        }
    }

    private static ulong With(ulong word, ReadOnlySpan<long> values)
    {
        foreach (long value in values)
        {
            word = unchecked((word ^ (ulong)value) * FnvPrime);
        }

        return word;
    }

    private static long OffsetOf(void* structure, void* field) => (byte*)field - (byte*)structure;

    private static long SizeOf<T>(T* field)
        where T : unmanaged => sizeof(T);
}
