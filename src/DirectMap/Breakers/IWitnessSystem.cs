using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>What the witness needs of the system.</summary>
internal interface IWitnessSystem
{
    /// <summary>Makes a source; null with the error number where there is none.</summary>
    IChangeSource? TryMake(ProtectionEngine engine, UninterruptedLock gate, out int errno);

    /// <summary>Makes what the thread is woken by.</summary>
    /// <returns>0, or the error number.</returns>
    int TryMakeWake(out SafeFileHandle? wake);

    /// <summary>Starts the thread that reads.</summary>
    /// <returns>0, or the error number.</returns>
    int TryStart(Action body);
}
