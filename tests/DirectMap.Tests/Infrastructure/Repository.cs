namespace DirectMap.Tests.Infrastructure;

/// <summary>The source tree around the tests, which may also run outside of it.</summary>
internal static class Repository
{
    /// <summary>Its folder; the test is skipped where there is none.</summary>
    internal static string Root
    {
        get
        {
            string? at = AppContext.BaseDirectory;
            while (at is not null && !File.Exists(Path.Combine(at, "DirectMap.sln")))
            {
                at = Path.GetDirectoryName(at);
            }

            Requires.Have("repository", at is not null, "needs the repository around it");
            return at!;
        }
    }
}
