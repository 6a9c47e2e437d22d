// A file that others change without asking: who holds it is told, and where it insisted it is revoked.
using System.Diagnostics;
using System.Threading.Channels;
using DirectMap;

string path = Path.Combine(Path.GetTempPath(), $"directmap-watch-{Environment.ProcessId}.pmem");
TimeSpan patience = TimeSpan.FromSeconds(10);
Stopwatch step = new();
Channel<Trespass> trespasses = Channel.CreateUnbounded<Trespass>();

try
{
    // 1. A mapping is watched by default, and makes nobody wait.
    using DirectFile file = DirectFile.Create(path, 1 << 20);
    MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
    {
        OnTrespass = (_, trespass) => trespasses.Writer.TryWrite(trespass)
    });
    Console.WriteLine($"{file.Path}: {region.Protection.Level} by {region.Protection.Engine}");
    Note(region.Protection.Reason);
    if (region.Protection.Level < ProtectionLevel.Watched)
    {
        Console.WriteLine("It cannot be watched here, so there is nothing to show.");
        return 0;
    }

    // 2. What goes through the library asked first, so it is no trespass.
    region.Write(0, 42L);
    region.Persist(0, sizeof(long));
    file.Write(new byte[] { 1, 2, 3 }, fileOffset: 4096);

    // 3. Another process, which knows nothing of it. It does not wait; the holder is told afterwards.
    step.Restart();
    using (Process other = Process.Start("sh", ["-c", "printf changed | dd of=\"$0\" conv=notrunc status=none", path]))
    {
        await Told();
        await other.WaitForExitAsync();
    }

    // 4. The commonest case: this process, past the library.
    step.Restart();
    await File.AppendAllTextAsync(path, "more");
    await Told();
    region.Dispose();

    // 5. Who insists is not left with bytes that somebody else has changed: the mapping is revoked.
    using DirectFile strict = DirectFile.Open(
        path, new DirectFileOptions { Guard = GuardOptions.Required(ProtectionLevel.Watched) });
    TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    using MappedRegion guarded = strict.Map(MapOptions.DirectOrEmulated with { OnTrespass = (_, _) => revoked.TrySetResult() });
    step.Restart();
    using (Process other = Process.Start("truncate", ["-s", "4096", path]))
    {
        await revoked.Task.WaitAsync(patience);
        await other.WaitForExitAsync();
    }

    try
    {
        _ = guarded.Read<long>(0);
        throw new InvalidOperationException("The trespass went unnoticed.");
    }
    catch (MappingFaultException exception)
    {
        Done($"read after it: {exception.GetType().Name}, cause {exception.Cause}");
        Note(exception.Message);
    }

    Console.WriteLine("Done: every change that did not ask was told.");
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

async Task Told() => Done($"{await trespasses.Reader.ReadAsync().AsTask().WaitAsync(patience)}");
void Done(string what) => Console.WriteLine($"{step.Elapsed.TotalMilliseconds,9:0.00} ms  {what}");
void Note(string what) => Console.WriteLine($"{"",12}  {what}");
