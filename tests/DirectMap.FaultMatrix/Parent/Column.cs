namespace DirectMap.FaultMatrix.Parent;

/// <summary>An access, and with what it is made.</summary>
internal sealed record Column(string Title, Access Access, How How)
{
    /// <summary>The library's; and on request what the same accesses do without containment, and with the BCL.</summary>
    internal static IReadOnlyList<Column> Of(IEnumerable<Access> accesses, bool withoutNative, bool withBcl)
    {
        List<Column> columns = [.. accesses.Select(access => new Column(access.Title, access, withoutNative ? How.Copies : How.Handler))];
        if (withBcl)
        {
            foreach ((How how, string title) in ((How, string)[])[(How.Off, "Off"), (How.Bcl, "BCL")])
            {
                columns.AddRange(accesses.Where(access => access.Name is "scalar-read" or "scalar-write")
                    .Select(access => new Column($"{title}: {access.Title}", access, how)));
            }
        }

        return columns;
    }
}
