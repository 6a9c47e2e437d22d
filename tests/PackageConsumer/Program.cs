// A consumer of the packages: if this compiles and runs, the packages are whole.
using DirectMap;

string path = Path.Combine(Path.GetTempPath(), $"directmap-consumer-{Environment.ProcessId}.pmem");
try
{
    using DirectFile file = DirectFile.Create(path, 1 << 20);
    using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
    region.Write(8, 42L);
    region.Persist();
    ILeaseCoordinator coordinator = DirectFile.DefaultCoordinator; // from DirectMap.Abstractions
    Console.WriteLine($"read back {region.Read<long>(8)}, break time {coordinator.LeaseBreakTime}");
    return region.Read<long>(8) == 42 ? 0 : 1;
}
finally
{
    File.Delete(path);
}
