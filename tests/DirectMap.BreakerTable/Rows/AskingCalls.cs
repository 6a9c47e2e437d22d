using DirectMap.BreakerTable.Others;

namespace DirectMap.BreakerTable.Rows;

/// <summary>What somebody else of this process makes, through the library. It waits for the holder at each level.</summary>
internal static class AskingCalls
{
    private static readonly byte[] s_content = [.. Enumerable.Repeat((byte)'e', Subject.Part)];

    internal static IEnumerable<Row> List =>
    [
        Row.Asking("asking-write", "file.Write, opened once more", (file, _) => file.Write(s_content, Subject.Begin)),
        Row.Asking("asking-length", "file.SetLength, shorter, opened once more", (file, _) => file.SetLength(Subject.Begin)),
        Row.Asking("asking-punch", "file.PunchHole, opened once more", (file, _) => file.PunchHole(Subject.Begin, Subject.Part)),
    ];
}
