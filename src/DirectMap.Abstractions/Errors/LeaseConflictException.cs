namespace DirectMap;

/// <summary>A lease or a layout operation conflicts with leases or breaks in force.</summary>
/// <remarks><see cref="Exception.HResult"/> is the errno.</remarks>
public sealed class LeaseConflictException : IOException
{
    private readonly LeaseConflict _conflict;

    /// <summary>Creates the exception; <see cref="Exception.Message"/> is made of what it is given.</summary>
    public LeaseConflictException()
    {
    }

    /// <inheritdoc cref="LeaseConflictException()"/>
    /// <param name="innerException">What led to it, or null.</param>
    public LeaseConflictException(Exception? innerException)
        : base(null, innerException)
    {
    }

    /// <summary>The kind of conflict.</summary>
    public required LeaseConflict Conflict
    {
        get => _conflict;
        init
        {
            _conflict = value;
            HResult = value switch
            {
                LeaseConflict.WouldBlock => ErrorNumbers.EAGAIN,
                LeaseConflict.Busy => ErrorNumbers.EBUSY,
                LeaseConflict.Deadlock => ErrorNumbers.EDEADLK,
                LeaseConflict.ExclusivelyHeld => ErrorNumbers.ETXTBSY,
                _ => ErrorNumbers.EIO,
            };
        }
    }

    /// <summary>A sentence that says what conflicts with what, and is part of the message.</summary>
    public required string Detail { get; init; }

    /// <summary>The break that is under way, whose deadline says when to try again; null where there is none.</summary>
    /// <remarks>It is null, too, where only other breakers are in the way.</remarks>
    public LeaseBreak? Break { get; init; }

    /// <summary>What conflicts with what, and the errno's name.</summary>
    public override string Message => $"{Detail} ({NameOf(Conflict)})";

    private static string NameOf(LeaseConflict conflict) => conflict switch
    {
        LeaseConflict.WouldBlock => "EWOULDBLOCK",
        LeaseConflict.Busy => "EBUSY",
        LeaseConflict.Deadlock => "EDEADLK",
        LeaseConflict.ExclusivelyHeld => "ETXTBSY",
        _ => "EIO",
    };
}
