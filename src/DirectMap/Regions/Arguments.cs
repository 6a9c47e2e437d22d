namespace DirectMap.Regions;

/// <summary>What can be said of an argument by itself.</summary>
internal static class Arguments
{
    internal static void ThrowIfNotDefined<T>(T value, string name)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, "Not a value of the enumeration.");
        }
    }
}
