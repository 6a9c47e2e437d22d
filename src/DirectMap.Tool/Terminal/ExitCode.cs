namespace DirectMap.Tool.Terminal;

/// <summary>What scripts may rely on.</summary>
internal static class ExitCode
{
    internal const int Fine = 0;
    internal const int Refused = 1;
    internal const int BadUsage = 2;
    internal const int FileError = 3;

    /// <summary>EX_SOFTWARE of sysexits.h.</summary>
    internal const int Defect = 70;

    /// <summary>128 and the signal's number, as shells have it.</summary>
    internal const int Interrupted = 130;

    internal const string Help =
        """
        Exit codes:
          0    fine: what was asked for is done, or the file can be mapped
          1    refused: the file cannot be mapped, measured or watched as asked, whatever the reason
          2    bad usage: an unknown option, a size that is none
          3    file error: it cannot be opened, read or changed (missing, not permitted, no space, I/O)
          70   a defect of the tool
          129  interrupted by SIGHUP
          130  interrupted (ctrl-C)
          131  interrupted by SIGQUIT
          143  interrupted by SIGTERM
        """;
}
