namespace DirectMap.Inodes;

/// <summary>
/// What the parties' epochs were before they were joined, so that it is seen whether one has moved since
/// (<see cref="FileArbiter"/>, 3).
/// </summary>
internal sealed class SeatEpochs(OutsideSeat[] seats)
{
    private readonly long[] _epochs = Array.ConvertAll(seats, static seat => seat.Epoch);

    /// <summary>The lease is in force: whether it may be granted, as no party has moved its epoch since this was made.</summary>
    internal bool StillHold()
    {
        // The lease is in the coordinator's table before the epochs are read here; a party moves its epoch before it looks at that table.
        Interlocked.MemoryBarrier();
        for (int i = 0; i < seats.Length; i++)
        {
            if (seats[i].Epoch != _epochs[i])
            {
                return false;
            }
        }

        return true;
    }
}
