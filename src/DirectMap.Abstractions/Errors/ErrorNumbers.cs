namespace DirectMap;

/// <summary>The errno values of the contract, as on Linux; the exceptions carry them in HResult.</summary>
internal static class ErrorNumbers
{
    internal const int EIO = 5;
    internal const int EAGAIN = 11;
    internal const int EBUSY = 16;
    internal const int ETXTBSY = 26;
    internal const int ENOSPC = 28;
    internal const int EDEADLK = 35;
    internal const int EOPNOTSUPP = 95;
}
