namespace DirectMap.Breakers;

/// <summary>A change that no operation of the library explains.</summary>
/// <param name="File">Which file was changed.</param>
/// <param name="Origin">By whom.</param>
/// <param name="ProcessId">By which process; 0 where that is not known.</param>
/// <param name="Engine">How it was noticed.</param>
internal readonly record struct SeenTrespass(WatchedFile File, TrespassOrigin Origin, int ProcessId, ProtectionEngine Engine);
