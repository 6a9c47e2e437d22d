using System.Diagnostics;

namespace DirectMap.Tests.Children;

internal static class TelemetryCases
{
    /// <summary>In a process of its own, since the library offers its activity source once.</summary>
    internal static int ThrowingActivityListener(string[] arguments)
    {
        bool wasOffered = false;
        using ActivityListener listener = new()
        {
            ShouldListenTo = source =>
            {
                wasOffered |= source.Name == "DirectMap";
                return source.Name == "DirectMap" ? throw new FormatException() : false;
            },
        };
        ActivitySource.AddActivityListener(listener);
        string path = Path.Combine(arguments[0], "file");
        using DirectFile file = DirectFile.Create(path, 64 << 10);
        using DirectFile other = DirectFile.Open(path);
        for (int round = 0; round < 2; round++)
        {
            file.SetLength((round + 2) * (64 << 10));
            file.Prepare();
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            region.Lease!.Breaking.Register(region.Dispose);
            other.Write([1], 0);
        }

        LeaseSnapshot left = ((LeaseCoordinator)DirectFileFactory.Default.Coordinator).Snapshot();
        return wasOffered && left is { Leases.Count: 0, Breakers.Count: 0 } ? 0 : 1;
    }
}
