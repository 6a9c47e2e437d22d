namespace DirectMap.BreakerTable.Rows;

/// <summary>What the table says of an operation, in order.</summary>
internal static class Columns
{
    internal const string Nothing = "-";

    internal const int Result = 0;
    internal const int Told = 1;
    internal const int OfWhom = 2;
    internal const int Bytes = 3;
    internal const int Blocks = 4;
    internal const int WhereItRevokes = 9;

    internal const string Same = "same";

    internal static IReadOnlyList<string> Names { get; } =
    [
        "result", "told", "of whom", "bytes", "blocks", "next access", "persist", "later stores", "state", "where it revokes",
        "waits", "goes on at release", "goes on at the deadline", "denied",
    ];

    /// <summary>A row that says nothing but its result.</summary>
    internal static string[] Only(string result) => [result, .. Enumerable.Repeat(Nothing, Names.Count - 1)];
}
