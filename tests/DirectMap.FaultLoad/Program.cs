using DirectMap.FaultLoad.Load;

return args switch
{
    ["load", .. string[] rest] => LoadRun.Start(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        load [--faults 1000000] [--threads 32] [--seconds-limit N]   many faults at once, with everything that disturbs them
        """);
    return 2;
}
