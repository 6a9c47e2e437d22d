namespace DirectMap.Breakers;

/// <summary>What becomes of somebody who is not harmless.</summary>
internal enum Arrival
{
    Passes,

    Waits,

    /// <summary>As many wait as may: he is told to try again (EAGAIN).</summary>
    TooMany,
}
