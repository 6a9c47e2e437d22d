using DirectMap.BreakerTable.Others;

namespace DirectMap.BreakerTable.Rows;

/// <summary>What the holder makes itself, through the library: told apart, whatever the kernel tells of it.</summary>
internal static class LibraryCalls
{
    private static readonly byte[] s_content = [.. Enumerable.Repeat((byte)'d', Subject.Part)];

    internal static IEnumerable<Row> List =>
    [
        Row.Library("library-store", "region.Fill, region.Persist", (_, region) =>
        {
            region.Fill(Subject.Begin, Subject.Part, (byte)'d');
            region.Persist();
        }),
        Row.Library("library-write", "file.Write, beyond the end", (file, _) => file.Write(s_content, Subject.WholeLength)),
        Row.Library("library-grow", "file.SetLength, longer", (file, _) => file.SetLength(Subject.WholeLength + Subject.Part)),
        Row.Library("library-allocate", "file.Allocate, beyond the end", (file, _) =>
            file.Allocate(Subject.WholeLength, Subject.Part)),
    ];
}
