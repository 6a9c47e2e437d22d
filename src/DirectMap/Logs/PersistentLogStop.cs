namespace DirectMap;

/// <summary>Why a log ends where it was found to end.</summary>
public enum PersistentLogStop
{
    /// <summary>
    /// Nothing that looks like the next record follows, and no whole record behind it: it was never stored, or nothing of it has arrived.
    /// </summary>
    /// <remarks>The area may also be full.</remarks>
    End = 0,

    /// <summary>
    /// A part of the next record, or a whole record behind it, is there, and nothing proves that the next one was durable.
    /// </summary>
    /// <remarks>
    /// So it is after a crash that came before they were durable, and after damage to records that no later whole record was stored after
    /// they had become durable, and that no clean close and no later opening covers. They are left out.
    /// </remarks>
    TornRecord = 1,

    /// <summary>
    /// A record is not whole that is proved durable: a later whole record was stored after that, or a closing or an opening covers it.
    /// </summary>
    /// <remarks>
    /// Or there is a record of a newer state of the header, and that state is lost. The medium or somebody else has changed it. With
    /// <see cref="PersistentLogOptions.CutAtDamage"/> the log goes on behind what is lost.
    /// </remarks>
    Damage = 2,
}
