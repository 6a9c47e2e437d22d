namespace DirectMap.FaultLoad.Host;

/// <summary>What a case says of itself.</summary>
internal static class Claim
{
    internal static void That(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"does not hold: {what}");
        }
    }

    internal static void Is<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what} is {expected}, but {actual}");
}
