using DirectMap.FaultLoad.Controls;
using DirectMap.FaultLoad.Host;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.FaultLoad.Load;
using DirectMap.FaultLoad.Native;

try
{
    return args switch
    {
        ["load" or "native", ..] => Supervisor.Run(args),
        ["controls", .. string[] rest] => ControlsRun.Start(rest),
        ["host", .. string[] rest] => HostRun.Start(rest),
        ["child", "load", .. string[] rest] => LoadRun.Start(rest),
        ["child", "native", .. string[] rest] => NativeRun.Start(rest),
        ["child", "unregister"] => ParkedHandler.Unregister(),
        ["child", "restore"] => ParkedHandler.Restore(),
        ["child", "replaced"] => ParkedHandler.Replaced(),
        ["child", "counted", string probe] => ParkedHandler.UnregisterBeforeCounted(probe),
        ["child", "sent", string probe] => SentSignals.Run(probe),
        ["child", "whole"] => NativeWhole.Run(isLocked: false),
        ["child", "whole-locked"] => NativeWhole.Run(isLocked: true),
        ["child", "islands"] => NativeIslands.Run(),
        ["child", "host", string name, .. string[] rest] => HostCases.Run(name, rest),
        _ => Usage(),
    };
}
catch (UsageException exception)
{
    Console.Error.WriteLine(exception.Message);
    return Usage();
}

static int Usage()
{
    Console.Error.WriteLine("""
        load [--faults 1000000] [--threads 32] [--seconds-limit N]   many faults at once, with everything that disturbs them
        controls                                                     whether the load and the races find a broken native library
        native [--seconds 5] [--threads 8]                           the native library alone: ranges that come and go, and what they cost
        host                                                         the handler beside others, signals, children, crashes and debuggers
        """);
    return 2;
}
