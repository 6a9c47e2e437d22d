namespace DirectMap.FaultMatrix.Cells;

internal static class ExitCode
{
    internal const int Ok = 0;
    internal const int Failed = 1;
    internal const int Usage = 2;
    internal const int Interrupted = 130;

    /// <summary>Whether it is that of a process that SIGBUS has ended: by way of the runtime (SIGABRT), or in native code.</summary>
    internal static bool IsFault(int exitCode) => exitCode is 134 or 135;
}
