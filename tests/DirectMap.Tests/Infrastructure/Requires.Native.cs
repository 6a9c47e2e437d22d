using DirectMap.Linux;

namespace DirectMap.Tests.Infrastructure;

/// <summary>What only tests that see the library's inside can ask; other assemblies share the rest.</summary>
internal static partial class Requires
{
    /// <summary>Lines are flushed by it, pages are not.</summary>
    internal static void NativeFor(string granularity)
    {
        if (granularity != "Page")
        {
            Native();
        }
    }

    internal static void Native() => Have("native", FaultHandler.Missing is null, $"needs the native library: {FaultHandler.Missing}");
}
