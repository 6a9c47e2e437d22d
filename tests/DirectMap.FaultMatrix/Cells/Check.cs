namespace DirectMap.FaultMatrix.Cells;

/// <summary>What a cell expects.</summary>
internal static class Check
{
    internal static void That(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new CellFailure(otherwise);
        }
    }

    internal static void Equal<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what} is {actual}, not {expected}");

    internal static void Same(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        int at = expected.CommonPrefixLength(actual);
        That(
            expected.Length == actual.Length && at == expected.Length,
            $"{what}: byte {at} of {actual.Length} is {(at < actual.Length ? actual[at] : -1)}, not "
                + $"{(at < expected.Length ? expected[at] : -1)}");
    }

    /// <returns>What was thrown.</returns>
    internal static T Throws<T>(Action action, string what)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T exception)
        {
            return exception;
        }
        catch (Exception exception) when (exception is not CellFailure)
        {
            throw new CellFailure($"{what} throws {exception}, not {typeof(T).Name}");
        }

        throw new CellFailure($"{what} throws nothing, not {typeof(T).Name}");
    }
}

/// <summary>Something is not as the cell promises.</summary>
internal sealed class CellFailure(string message) : Exception(message);
