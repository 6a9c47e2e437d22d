namespace DirectMap.Tests.Docs.Examples;

internal static class ProtectionExamples
{
    [Example]
    internal static async Task Trespass()
    {
        // begin Trespass
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        TaskCompletionSource<Trespass> told = new();
        using MappedRegion region = file.Map(MapOptions.Default with
        {
            OnTrespass = (self, trespass) => told.TrySetResult(trespass),
        });
        Console.WriteLine(region.Protection.Level);

        File.WriteAllText("orders.pmem", "not through this library");
        Console.WriteLine($"{(await told.Task).Origin}, {region.State}");
        // end
    }

    [Example]
    internal static void Required()
    {
        // begin Required
        File.Delete("orders.pmem");
        DirectFile.Create("orders.pmem", length: 1 << 20).Dispose();
        DirectFileOptions options = DirectFileOptions.Default with { Guard = GuardOptions.Required(ProtectionLevel.Watched) };
        using DirectFile file = DirectFile.Open("orders.pmem", options);
        using MappedRegion region = file.Map();

        File.WriteAllText("orders.pmem", "not through this library");
        SpinWait.SpinUntil(() => region.State == RegionState.Revoked);

        try
        {
            _ = region.Read<int>(0);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause} by {fault.Trespass?.Origin}");
        }
        // end
    }

    [Example]
    internal static void EverybodyAsks()
    {
        // begin EverybodyAsks
        File.Delete("orders.pmem");
        DirectFileOptions guarded = new() { Guard = GuardOptions.Preferred(ProtectionLevel.Proved) }; // or Required
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20, guarded);
        using MappedRegion region = file.Map(new MapOptions
        {
            OnBreak = (self, broken) =>
            {
                Console.WriteLine($"{broken.Process} wants {broken.Operation} of {broken.Range}");
                self.Dispose(); // It goes on at this moment.
            },
        });
        // end
    }

    [Example]
    internal static void Listening()
    {
        // begin Listening
        File.WriteAllText("settings.json", "{}");
        using DirectFile file = DirectFile.Open("settings.json", new DirectFileOptions { Access = FileAccess.Read });
        using ManualResetEventSlim told = new();
        file.Trespassed += (_, trespass) => told.Set();

        File.WriteAllText("settings.json", "{ \"log\": true }");
        Console.WriteLine(told.Wait(TimeSpan.FromSeconds(10)));
        // end
    }
}
