namespace DirectMap;

/// <summary>A lease or a layout operation conflicts with leases or breaks in force. <see cref="Exception.HResult"/> is the errno.</summary>
public sealed class LeaseConflictException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="conflict">The kind of conflict.</param>
    /// <param name="message">What conflicts with what.</param>
    /// <param name="innerException">The cause, or null.</param>
    /// <param name="leaseBreak">The break that is under way, or null.</param>
    public LeaseConflictException(LeaseConflict conflict, string message, Exception? innerException = null, LeaseBreak? leaseBreak = null)
        : base($"{message} ({NameOf(conflict)})", innerException)
    {
        Conflict = conflict;
        Break = leaseBreak;
        HResult = conflict switch
        {
            LeaseConflict.WouldBlock => ErrorNumbers.EAGAIN,
            LeaseConflict.Busy => ErrorNumbers.EBUSY,
            LeaseConflict.Deadlock => ErrorNumbers.EDEADLK,
            LeaseConflict.ExclusivelyHeld => ErrorNumbers.ETXTBSY,
            _ => ErrorNumbers.EIO,
        };
    }

    /// <summary>The kind of conflict.</summary>
    public LeaseConflict Conflict { get; }

    /// <summary>
    /// The break that is under way, whose deadline says when to try again; null where there is none, or only other breakers are in the way.
    /// </summary>
    public LeaseBreak? Break { get; }

    private static string NameOf(LeaseConflict conflict) => conflict switch
    {
        LeaseConflict.WouldBlock => "EWOULDBLOCK",
        LeaseConflict.Busy => "EBUSY",
        LeaseConflict.Deadlock => "EDEADLK",
        LeaseConflict.ExclusivelyHeld => "ETXTBSY",
        _ => "EIO",
    };
}
