namespace DirectMap.Leases;

/// <content>For tests only: what is watched, and whether the thread sleeps.</content>
internal sealed partial class Deadlines
{
    /// <summary>How many breaks have a deadline to come.</summary>
    internal int Count
    {
        get
        {
            using (_gate.Enter())
            {
                int count = 0;
                for (WatchedDeadline? deadline = _first; deadline is not null; deadline = deadline.Later)
                {
                    count++;
                }

                return count;
            }
        }
    }

    /// <summary>The break whose deadline comes next.</summary>
    internal WatchedDeadline? Next
    {
        get
        {
            using (_gate.Enter())
            {
                return _first;
            }
        }
    }

    /// <summary>Whether the thread is about to sleep, or asleep.</summary>
    internal bool IsAsleep
    {
        get
        {
            using (_gate.Enter())
            {
                return _wakesAt != long.MinValue;
            }
        }
    }
}
