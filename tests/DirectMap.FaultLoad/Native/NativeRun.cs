using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Native;

/// <summary>The native library without the managed one: ranges that come and go while others fault, and what that costs.</summary>
internal static class NativeRun
{
    internal static int Start(string[] arguments)
    {
        Arguments given = new(arguments, "--seconds", "--threads");
        NativeHandler.Install();
        Failures failures = new();
        NativeGenerations.Run(failures);
        NativeTables.Run(failures);
        foreach ((string name, string what) in ((string, string)[])[
            ("whole", "ranges that are lost as a whole"), ("whole-locked", "the same while new memory is locked"),
            ("islands", "ranges that lose single pages, one after another")
        ])
        {
            Child.Result result = Child.RunSelf("child", name);
            Console.WriteLine($"{what}: exit {result.ExitCode} {result.Tail}");
            if (result.ExitCode != 0)
            {
                failures.Add($"{what}: see above");
            }
        }

        using (Watchdog watchdog = new())
        {
            NativeStress.Run(given.Get("--seconds", 5), given.Get("--threads", 8), watchdog, failures);
        }

        NativeTimes.Run(failures);
        failures.Print();
        return failures.Count == 0 ? 0 : 1;
    }
}
