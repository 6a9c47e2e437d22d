namespace DirectMap.Tests.Infrastructure;

/// <summary>The repository around the tests. Where they run without it, a test that reads it is skipped.</summary>
internal static class Repository
{
    private static readonly string? s_root = Find();

    internal static bool IsHere => s_root is not null;

    internal static string Root
    {
        get
        {
            Requires.Have("repository", IsHere, "needs the repository around it");
            return s_root!;
        }
    }

    internal static string File(string name) => Path.Combine(Root, name);

    private static string? Find()
    {
        string? at = AppContext.BaseDirectory;
        while (at is not null && !System.IO.File.Exists(Path.Combine(at, "DirectMap.sln")))
        {
            at = Path.GetDirectoryName(at);
        }

        return at;
    }
}
