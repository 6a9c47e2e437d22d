namespace DirectMap;

/// <summary>A fault policy's answer.</summary>
/// <param name="Reason">Why it is refused; <see cref="RefusalReason.None"/> when it is allowed.</param>
/// <param name="Detail">A sentence for the exception's message, also what to do about it; null for none.</param>
public readonly record struct PolicyDecision(RefusalReason Reason, string? Detail)
{
    /// <summary>The access is allowed.</summary>
    public static PolicyDecision Allow => default;

    /// <summary>Whether the access is allowed.</summary>
    public bool IsAllowed => Reason == RefusalReason.None;

    /// <summary>The access is refused.</summary>
    /// <param name="reason">Why; not <see cref="RefusalReason.None"/>.</param>
    /// <param name="detail">A sentence for the exception's message.</param>
    /// <returns>The decision.</returns>
    /// <exception cref="ArgumentException"><paramref name="reason"/> is <see cref="RefusalReason.None"/>.</exception>
    public static PolicyDecision Refuse(RefusalReason reason, string? detail = null)
    {
        if (reason == RefusalReason.None)
        {
            throw new ArgumentException("A refusal needs a reason.", nameof(reason));
        }

        return new PolicyDecision(reason, detail);
    }
}
