namespace DirectMap.Backings;

/// <summary>What a file is called while it is made beside its place.</summary>
internal static class WorkingName
{
    private const string Prefix = ".directmap-";

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>A name that nobody has.</summary>
    internal static string New() => $"{Prefix}{Guid.NewGuid():N}";

    /// <summary>Everything in a folder that has such a name; nothing of one that may not be read.</summary>
    internal static IReadOnlyList<string> FindAll(string folder)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(folder, Prefix + "*", s_all)
                    .Where(path => Guid.TryParseExact(Path.GetFileName(path.AsSpan())[Prefix.Length..], "N", out _))
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return []; // To make a file is what was asked for, and what is wrong with the folder is said then.
        }
    }
}
