namespace DirectMap;

/// <summary>Why a log ends where it was found to end.</summary>
public enum LogStop
{
    /// <summary>
    /// Nothing that looks like the next record follows: it was never stored, or nothing of it has arrived. The area may also be full.
    /// </summary>
    End = 0,

    /// <summary>
    /// A part of the next record, or of those that were stored together with it, is there: a crash came before they were
    /// durable. They are left out.
    /// </summary>
    TornRecord = 1,

    /// <summary>
    /// A record is not whole that was durable: something follows it that was stored only after that, or the last opening had found it. The
    /// medium or somebody else has changed it.
    /// </summary>
    Damage = 2,
}
