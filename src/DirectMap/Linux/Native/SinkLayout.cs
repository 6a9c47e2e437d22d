namespace DirectMap.Linux;

/// <summary>
/// What the two that put memory in place of pages have alike: the managed one, which needs no library, and the native library's (sink.c),
/// which a signal handler needs. directmap.h has the same, and says why the ways are in that order; <see cref="NativeLayout"/> compares.
/// </summary>
internal static class SinkLayout
{
    /// <summary>Of the file in memory.</summary>
    internal const string Name = "directmap-sink";

    /// <summary>The ways in which it is tried, four bits for each, from the lowest on.</summary>
    internal const int Ways = (int)Way.PrivateMemory | ((int)Way.MemoryFile << 4) | ((int)Way.SharedMemory << 8);

    internal enum Way
    {
        /// <summary>Private anonymous memory, which vm.overcommit_memory=2 refuses even with MAP_NORESERVE, and RLIMIT_DATA.</summary>
        PrivateMemory = 1,

        /// <summary>A sparse file in memory, which is not accounted before it is touched, and which RLIMIT_FSIZE refuses.</summary>
        MemoryFile = 2,

        /// <summary>
        /// Shared anonymous memory, which is such a file to the kernel, and none that the process makes longer. Only
        /// vm.overcommit_memory=2 refuses it.
        /// </summary>
        SharedMemory = 3,
    }
}
