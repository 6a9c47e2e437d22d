using System.Runtime.Loader;

namespace DirectMap.Telemetry;

/// <summary>
/// What the framework lists for the whole process, meters and activity sources. A meter's observable instruments call into the library, so
/// they would keep a collectible load context alive for ever: they end when it is unloaded.
/// </summary>
internal static class Unloading
{
    /// <summary>Disposes it when the library's own load context is unloaded, if that can be.</summary>
    internal static T EndsWith<T>(T listed)
        where T : IDisposable
    {
        if (AssemblyLoadContext.GetLoadContext(typeof(Unloading).Assembly) is { IsCollectible: true } context)
        {
            context.Unloading += _ => End(listed);
        }

        return listed;
    }

    private static void End(IDisposable listed)
    {
        try
        {
            listed.Dispose(); // Listeners are told.
        }
        catch (Exception exception)
        {
            Watchers.Forgive(exception);
        }
    }
}
