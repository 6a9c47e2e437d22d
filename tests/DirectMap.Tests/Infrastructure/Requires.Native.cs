using DirectMap.Linux;

namespace DirectMap.Tests.Infrastructure;

/// <summary>What only tests that see the library's inside can ask; other assemblies share the rest.</summary>
internal static partial class Requires
{
    internal static void Native() => Have("native", FaultHandler.Missing is null, $"needs the native library: {FaultHandler.Missing}");
}
