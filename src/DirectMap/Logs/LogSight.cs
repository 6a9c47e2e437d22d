namespace DirectMap.Logs;

/// <summary>What is believed of a log that somebody else appends to. Immutable.</summary>
/// <param name="Header">Its state.</param>
/// <param name="Instance">Of who appends, or has died in that; 0 for nobody, and where that is not known.</param>
/// <param name="Durable">How far it is durable.</param>
internal sealed record LogSight(LogHeader Header, ulong Instance, LogProgress Durable)
{
    /// <summary>When nobody tells how far it is durable: when the records were asked last; otherwise null.</summary>
    internal long? AskedAt { get; init; }

    /// <summary>The last number that is durable.</summary>
    internal long DurableSequence => Durable.Next - 1;
}
