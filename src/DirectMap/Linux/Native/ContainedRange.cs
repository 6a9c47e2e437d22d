using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// A mapping that is registered with the SIGBUS handler, which puts an anonymous page in place of one that the kernel cannot provide, and
/// notes which. Page numbers count from the mapping's first page. Looking pages up is safe for any thread until <see cref="Unregister"/>.
/// </summary>
internal sealed unsafe class ContainedRange
{
    private readonly void* _range;

    private ContainedRange(void* range, long pages)
    {
        _range = range;
        Pages = pages;
    }

    /// <summary>How many pages it has.</summary>
    internal long Pages { get; }

    /// <summary>From now on SIGBUS in the mapping is noted, in the mapping's state.</summary>
    /// <exception cref="InsufficientMemoryException">The kernel gives no memory for it.</exception>
    internal static ContainedRange Register(byte* start, long length, bool writable, bool isSync, FaultHandler.StateBlock* state)
    {
        void* range = FaultHandler.Register(start, (nuint)length, writable, isSync, state);
        return range == null
            ? throw new InsufficientMemoryException($"A mapping of {length} bytes could not be registered with the SIGBUS handler (ENOMEM)")
            {
                HResult = Errno.ENOMEM
            }
            : new ContainedRange(range, Rounding.Count(length, Environment.SystemPageSize));
    }

    /// <summary>The mapping may be unmapped when it returns, and not before.</summary>
    internal void Unregister() => FaultHandler.Unregister(_range);

    /// <summary>Other pages are in place of the whole mapping.</summary>
    internal void ReplacedWhole() => FaultHandler.ReplacedWhole(_range);

    /// <inheritdoc cref="FaultHandler.Find"/>
    internal long Find(long page, long end, FaultHandler.Wanted wanted, uint generation, out FaultCode code, out bool isTakenAlong) =>
        FaultHandler.Find(_range, page, end, wanted, generation, out code, out isTakenAlong);

    /// <inheritdoc cref="FaultHandler.Restore"/>
    internal long Restore(SafeFileHandle file, long offset, FaultHandler.StateBlock* next, ReadOnlySpan<long> good, out int errno) =>
        FaultHandler.Restore(_range, file, offset, next, good, out errno);
}
