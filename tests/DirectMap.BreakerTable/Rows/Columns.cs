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
    internal const int NextAccess = 5;
    internal const int Persist = 6;
    internal const int LaterStores = 7;
    internal const int State = 8;
    internal const int LevelThen = 9;
    internal const int WhereItRevokes = 10;
    internal const int Waits = 11;
    internal const int AtRelease = 12;
    internal const int AtDeadline = 13;
    internal const int Denied = 14;

    internal const string Same = "same";
    internal const string Yes = "yes";
    internal const string No = "no";
    internal const string Late = "late";

    internal static IReadOnlyList<string> Names { get; } =
    [
        "result", "told", "of whom", "bytes", "blocks", "next access", "persist", "later stores", "state", "level then", "where it revokes",
        "waits", "goes on at release", "goes on at the deadline", "denied",
    ];

    /// <summary>A row that says nothing but its result.</summary>
    internal static string[] Only(string result) => [result, .. Enumerable.Repeat(Nothing, Names.Count - 1)];
}
