using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;

namespace DirectMap.Tests.Children;

/// <summary>The library in a load context that can be collected, again and again.</summary>
internal static class UnloadCases
{
    private const int Times = 30;

    internal static int LoadUseAndUnload(string[] arguments)
    {
        List<WeakReference> contexts = [];
        for (int i = 0; i < 3; i++)
        {
            contexts.Add(UseOnce(arguments[0], isWhole: true)); // What the framework makes once.
        }

        if (!AllGone(contexts))
        {
            return Fail(contexts, 2);
        }

        (int Threads, int Descriptors, int Mappings) before = Counts();
        for (int i = 0; i < Times; i++)
        {
            contexts.Add(UseOnce(arguments[0], isWhole: i % 10 == 0)); // Most of the time goes to compiling.
        }

        if (!AllGone(contexts))
        {
            return Fail(contexts, 3);
        }

        (int Threads, int Descriptors, int Mappings) after = Counts();
        Console.WriteLine($"before {before}, after {after}");

        // The pool's threads and the collector's own mappings come and go.
        return after.Threads <= before.Threads + 10 && after.Descriptors <= before.Descriptors + 5
            && after.Mappings <= before.Mappings + (2 * Times) ? 0 : 4;
    }

    /// <summary>What stays as long as the process is made once, and not by each copy of the library. Argument: folder.</summary>
    internal static int PagesThatStay(string[] arguments)
    {
        string[] addresses = [.. Enumerable.Range(0, 3).Select(_ => ProbeOf(new Plugin(), arguments[0]))];
        Console.WriteLine(string.Join(' ', addresses));
        return addresses.Distinct().Count() == 1 && addresses[0] != "0" ? 0 : 1;

        static string ProbeOf(Plugin context, string folder)
        {
            Call(context, folder, nameof(UseFile));
            return context.Assemblies.Single(assembly => assembly.GetName().Name == "DirectMap")
                .GetType("DirectMap.Backings.LockedMemory")!
                .GetField("s_probe", BindingFlags.Static | BindingFlags.NonPublic)!
                .GetValue(null)!.ToString()!;
        }
    }

    /// <summary>Everything that has a thread, a timer or a static; called within the context.</summary>
    internal static void Use(string folder)
    {
        using MeterListener meters = new() { InstrumentPublished = (instrument, one) => one.EnableMeasurementEvents(instrument) };
        meters.Start();
        using ActivityListener activities = new()
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(activities);
        ServiceCollection services = new();
        services.AddDirectMap(options => options.LeaseBreakTime = TimeSpan.FromMilliseconds(20));
        using ServiceProvider provider = services.BuildServiceProvider();
        IDirectFileFactory files = provider.GetRequiredService<IDirectFileFactory>();
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        Break(files, path);
        Log(files, path + ".log");
        meters.RecordObservableInstruments();
        using (DirectFile alone = DirectFile.Open(path))
        using (MappedRegion region = alone.Map(MapOptions.DirectOrEmulated))
        {
            region.Persist();
        }

        File.Delete(path);
        File.Delete(path + ".log");
    }

    /// <summary>A file and a region, and no more.</summary>
    internal static void UseFile(string folder)
    {
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        using (DirectFile file = DirectFile.Create(path, 1 << 16))
        using (MappedRegion region = file.Map(MapOptions.DirectOrEmulated))
        {
            region.Write(0, 1L);
            region.Persist();
        }

        File.Delete(path);
    }

    private static void Break(IDirectFileFactory files, string path)
    {
        using DirectFile file = files.Create(path, 1 << 20);
        using DirectFile other = files.Open(path);
        using (MappedRegion willing = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (self, _) => self.Dispose() }))
        {
            other.Write([1], 0);
        }

        using (file.Map(MapOptions.DirectOrEmulated))
        {
            other.Write([2], 0); // Revoked, at its deadline.
        }

        RegionWriter writer = file.CreateWriter(MapOptions.DirectOrEmulated);
        writer.WriteAsync("record"u8.ToArray()).AsTask().GetAwaiter().GetResult();
        writer.Complete();
    }

    private static void Log(IDirectFileFactory files, string path)
    {
        using DirectFile file = files.Create(path, 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using PersistentLog log = PersistentLog.Create(region);
        using PersistentLogFollower follower = PersistentLogFollower.Open(region);
        log.Append("record"u8);
        log.AppendAsync("another"u8.ToArray()).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Not inlined, so that nothing of the context is left on the caller's stack.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference UseOnce(string folder, bool isWhole)
    {
        Plugin context = new();
        Call(context, folder, isWhole ? nameof(Use) : nameof(UseFile));
        context.Unload();
        return new WeakReference(context);
    }

    private static void Call(Plugin context, string folder, string method) =>
        context.LoadFromAssemblyPath(typeof(UnloadCases).Assembly.Location)
            .GetType(typeof(UnloadCases).FullName!)!
            .GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .Invoke(null, [folder]);

    /// <summary>Threads for deadlines stay for some seconds.</summary>
    private static bool AllGone(List<WeakReference> contexts)
    {
        long begin = Stopwatch.GetTimestamp();
        using ManualResetEventSlim never = new();
        while (contexts.Any(context => context.IsAlive) && Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(40))
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            never.Wait(50);
        }

        return !contexts.Any(context => context.IsAlive);
    }

    private static int Fail(List<WeakReference> contexts, int code)
    {
        Console.WriteLine($"{contexts.Count(context => context.IsAlive)} of {contexts.Count} contexts are left");
        return code;
    }

    private static (int Threads, int Descriptors, int Mappings) Counts() => (
        Directory.GetDirectories("/proc/self/task").Length,
        Directory.GetFileSystemEntries("/proc/self/fd").Length,
        File.ReadLines("/proc/self/maps").Count());

    private sealed class Plugin() : AssemblyLoadContext("plugin", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name is "DirectMap" or "DirectMap.Abstractions"
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"))
                : null;
    }
}
