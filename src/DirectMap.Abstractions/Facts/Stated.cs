namespace DirectMap;

/// <summary>What a region has of something, and in words why it is that, and not more.</summary>
/// <typeparam name="T">The enumeration that says how much.</typeparam>
/// <param name="Value">What it has.</param>
/// <param name="Reason">Why it is that, and not more; a sentence for a person.</param>
public readonly record struct Stated<T>(T Value, string Reason)
    where T : struct, Enum
{
    /// <summary>Why it is that, and not more, in a sentence for a person; empty where nothing was stated.</summary>
    public string Reason
    {
        get => field ?? "";
        init;
    } = Reason;

    /// <summary>Returns the value and the reason, for messages.</summary>
    public override string ToString() => $"{Value}: {Reason}";
}
