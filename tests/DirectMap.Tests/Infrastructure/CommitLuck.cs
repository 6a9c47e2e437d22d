namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// btrfs writes back and commits on its own time, and what FIEMAP then shows (inline or not, shared or not) depends on whether that came
/// before or after an operation. So a comparison of two files there may fail by chance, and counts as failed only when it fails ten times
/// in a row; what is wrong for another reason does.
/// </summary>
internal static class CommitLuck
{
    private const int Attempts = 10;

    internal static async Task Compare(string fileSystem, Func<Task> comparison)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await comparison();
                return;
            }
            catch (Exception exception) when (exception is Xunit.Sdk.XunitException or InvalidOperationException
                && fileSystem.StartsWith(RealFileSystems.Btrfs, StringComparison.Ordinal) && attempt < Attempts)
            {
                // Once more, with new files.
            }
        }
    }
}
