using System.Diagnostics;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// What not every machine has. A test that lacks it is skipped with the reason; where DIRECTMAP_TESTS_MUST_HAVE names it (CI does), it fails instead.
/// </summary>
internal static class Requires
{
    private static readonly string[] s_mustHave = (Environment.GetEnvironmentVariable("DIRECTMAP_TESTS_MUST_HAVE") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal static void Root() => Have("root", Environment.IsPrivilegedProcess, "needs root");

    internal static void NotRoot() => Have("not-root", !Environment.IsPrivilegedProcess, "needs a user that is not root");

    internal static void DevShm() => Have("tmpfs", Directory.Exists("/dev/shm"), "needs a tmpfs at /dev/shm");

    internal static void Have(string name, bool present, string reason)
    {
        if (!present)
        {
            Assert.False(s_mustHave.Contains(name), $"This machine must have '{name}', but the test says: {reason}.");
            Assert.Skip(reason);
        }
    }

    /// <summary>A tmpfs of a given size; needs the right to mount.</summary>
    internal static TinyFileSystem TinyTmpfs(TestDirectory directory, int kibibytes)
    {
        Root();
        string path = directory.File("tiny");
        Directory.CreateDirectory(path);
        using Process mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", path]) { RedirectStandardError = true })!;
        string error = mount.StandardError.ReadToEnd();
        mount.WaitForExit();
        Have("mount", mount.ExitCode == 0, $"cannot mount a tmpfs: {error.Trim()}");
        return new TinyFileSystem(path);
    }

    internal sealed class TinyFileSystem(string path) : IDisposable
    {
        internal string Path => path;

        public void Dispose()
        {
            using Process umount = Process.Start("umount", [path]);
            umount.WaitForExit();
            Assert.Equal(0, umount.ExitCode);
        }
    }
}
