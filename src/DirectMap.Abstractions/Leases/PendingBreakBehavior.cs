namespace DirectMap;

/// <summary>What a new lease or mapping does while a break of the file is pending.</summary>
public enum PendingBreakBehavior
{
    /// <summary>It is refused at once: <see cref="LeaseConflictException"/> with <see cref="LeaseConflict.WouldBlock"/>.</summary>
    Refuse = 0,

    /// <summary>It waits until the last breaker has finished its operation.</summary>
    Wait = 1,
}
