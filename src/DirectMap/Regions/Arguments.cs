namespace DirectMap.Regions;

/// <summary>What can be said of an argument by itself.</summary>
internal static class Arguments
{
    /// <summary>What the public members call the parameter.</summary>
    internal static string Options => "options";

    /// <param name="value">A property of what the caller's parameter "options" is.</param>
    /// <param name="property">Its name, with the type's.</param>
    internal static void ThrowIfNotDefined<T>(T value, string property)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(Options, value, $"{property} is not a value of its enumeration.");
        }
    }

    /// <inheritdoc cref="ThrowIfNotDefined"/>
    internal static void ThrowIfLessThanOne(long value, string property)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(Options, value, $"{property} is 1 or more.");
        }
    }
}
