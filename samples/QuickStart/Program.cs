// DirectMap on a real file in the temp folder: map it, write it, and let breakers take it back.
using System.Diagnostics;
using DirectMap;

string path = Path.Combine(Path.GetTempPath(), $"directmap-quickstart-{Environment.ProcessId}.pmem");
LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromSeconds(1) });
DirectFileOptions options = new() { Coordinator = coordinator };
Stopwatch step = new();

try
{
    // 1. A file whose every block is written, so that no later store needs the file system.
    Begin();
    using DirectFile file = DirectFile.Create(path, 16 << 20, options);
    Done($"created {file.Path}: {file.Length >> 20} MiB, every block written");

    // 2. A direct mapping: it holds a lease on the file's layout while it lives.
    Begin();
    MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
    Done(
        $"mapped {region.Length >> 20} MiB, {(region.Facts.IsEmulated ? "emulated persistent memory" : "persistent memory")}, "
            + $"block map {region.Facts.BlockMapStability}");
    Note($"durability: {region.Facts.Durability.Value} ({region.Facts.Durability.Reason})");
    Note($"protected from: {region.Protection.Level} ({region.Protection.Reason})");

    // 3. Checked scalar access, made durable.
    Begin();
    region.Write(0, 42L);
    region.Persist(0, sizeof(long));
    Done($"wrote and persisted 8 bytes; read back {region.Read<long>(0)}");

    // 4. A scope: a span at the speed of memory. Complete says whether everything reached the file.
    Begin();
    using (RegionScope scope = region.OpenScope(4096, 1 << 20))
    {
        scope.Span.Fill(7);
        scope.Complete();
    }

    Done("filled 1 MiB through a scope");

    // 5. A breaker (here in the same process: any other DirectFile on the file) and a holder that lets go when told.
    using DirectFile other = DirectFile.Open(path, options);
    Task holder = LetGoWhenAsked(region);
    Begin();
    await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 100);
    TimeSpan took = step.Elapsed;
    await holder;
    Console.WriteLine($"{took.TotalMilliseconds,9:0.00} ms  another writer broke the lease, the holder let go, the write went on");

    // 6. A holder that does not react is revoked at the deadline; nobody waits for ever.
    region = file.Map(MapOptions.DirectOrEmulated);
    Begin();
    other.SetLength(4096);
    Done($"a truncation broke the lease, nobody reacted, it went on at the deadline ({coordinator.LeaseBreakTime.TotalSeconds:0} s)");

    // 7. Where the same access through a plain memory-mapped file would end the process, this is an exception.
    Begin();
    try
    {
        _ = region.Read<long>(1 << 20);
        throw new InvalidOperationException("The access after revocation went unnoticed.");
    }
    catch (MappingFaultException exception)
    {
        Done($"read beyond the new end: {exception.GetType().Name}, cause {exception.Cause}");
        Note(exception.Message);
    }

    region.Dispose();
    Console.WriteLine("Done: every loss was reported, and the process lives.");
    return 0;
}
catch (Exception exception)
{
    Console.Error.WriteLine($"failed: {exception}");
    return 1;
}
finally
{
    File.Delete(path);
}

async Task LetGoWhenAsked(MappedRegion region)
{
    if (await region.Lease!.WaitForBreakAsync() is not { } request)
    {
        return; // released before anybody asked
    }

    region.Persist();
    await region.ReleaseAsync();
    Note($"holder was told: {request.Operation} of {request.Range}; it persisted and let go");
}

void Begin() => step.Restart();
void Done(string what) => Console.WriteLine($"{step.Elapsed.TotalMilliseconds,9:0.00} ms  {what}");
void Note(string what) => Console.WriteLine($"{"",12}  {what}");
