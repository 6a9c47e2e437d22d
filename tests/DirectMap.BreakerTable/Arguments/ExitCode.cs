namespace DirectMap.BreakerTable.Arguments;

internal static class ExitCode
{
    internal const int Ok = 0;
    internal const int Differs = 1;
    internal const int Usage = 2;
}
