using System.Runtime.InteropServices;
using DirectMap.Threading;

namespace DirectMap.Linux;

/// <summary>
/// Finds libdirectmap.so, which is optional, and makes sure that it is this version's: the only place that does, so that all who call it
/// agree whether it is there.
/// </summary>
internal static partial class NativeLibraryLoader
{
    internal const string Name = "directmap";

    /// <summary>ABI in directmap.h.</summary>
    internal const int Abi = 5;

    private static readonly UninterruptedLazy<string?> s_missing = new(Load);

    /// <summary>Why there is no library; null when it is loaded, which the first call sees to.</summary>
    internal static string? Missing => s_missing.Value;

    private static string? Load()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return "the native library is for 64-bit Linux only";
        }

        if (!NativeLibrary.TryLoad(Name, typeof(NativeLibraryLoader).Assembly, null, out nint library))
        {
            return $"the native library lib{Name}.so was not found, or cannot be loaded here";
        }

        if (!Has(nameof(directmap_abi)) || directmap_abi() != Abi || !Has(nameof(directmap_layout)))
        {
            return $"the native library lib{Name}.so that was found belongs to another version";
        }

        return directmap_layout() == NativeLayout.Word
            ? null
            : $"the native library lib{Name}.so that was found has another layout than the managed code";

        bool Has(string export) => NativeLibrary.TryGetExport(library, export, out _);
    }

    [LibraryImport(Name)]
    private static partial int directmap_abi();

    [LibraryImport(Name)]
    private static partial ulong directmap_layout();
}
