namespace DirectMap.DaxTests.Running;

/// <summary>What must be so; an exception that says what it was about where it is not.</summary>
internal static class Expect
{
    internal static void True(bool actual, string what) => Equal(true, actual, what);

    /// <summary>Ends a case that cannot be run here.</summary>
    internal static void OrSkip(bool present, string reason)
    {
        if (!present)
        {
            throw new CaseSkippedException(reason);
        }
    }

    internal static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new InvalidOperationException($"{what}: expected {expected}, was {actual}");
        }
    }

    internal static void Contains(string part, string? whole, string what)
    {
        if (whole?.Contains(part, StringComparison.Ordinal) != true)
        {
            throw new InvalidOperationException($"{what}: expected something with '{part}', was '{whole}'");
        }
    }

    internal static void Bytes(ReadOnlySpan<byte> actual, byte expected, string what)
    {
        int at = actual.IndexOfAnyExcept(expected);
        if (at >= 0)
        {
            throw new InvalidOperationException($"{what}: byte {at} is {actual[at]}, not {expected}");
        }
    }

    internal static T Throws<T>(Action action, string what)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }

        throw new InvalidOperationException($"{what}: expected a {typeof(T).Name}, nothing was thrown");
    }
}
