using System.Diagnostics;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// What not every machine has. A test that lacks it is skipped with the reason; where DIRECTMAP_TESTS_MUST_HAVE names it (CI
/// does), it fails instead.
/// </summary>
internal static partial class Requires
{
    private static readonly string[] s_mustHave = (Environment.GetEnvironmentVariable("DIRECTMAP_TESTS_MUST_HAVE")
        ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal static void Root() => Have("root", Environment.IsPrivilegedProcess, "needs root");

    internal static void NotRoot() => Have("not-root", !Environment.IsPrivilegedProcess, "needs a user that is not root");

    /// <summary>Where it is missing, an access that meets a lost page would end the tests.</summary>
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
    internal static TinyFileSystem TinyTmpfs(TestDirectory directory, int kibibytes) =>
        Mount("mount", directory, "tiny", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs");

    /// <summary>A hugetlbfs, without a page in it.</summary>
    internal static TinyFileSystem Hugetlbfs(TestDirectory directory) =>
        Mount("hugetlbfs", directory, "huge", "-t", "hugetlbfs", "hugetlbfs");

    /// <summary>An ext4 of a given block size on a loop device.</summary>
    internal static TinyFileSystem Ext4(TestDirectory directory, int blockSize, string? image = null, params string[] arguments)
    {
        Root();
        image ??= directory.File("image");
        using (FileStream file = File.Create(image))
        {
            file.SetLength(16 << 20);
        }

        string? failure = Run("mkfs.ext4", [.. arguments, "-q", "-b", $"{blockSize}", image]);
        Have("loop", failure is null, $"cannot make an ext4: {failure}");
        return Mount("loop", directory, "small-blocks", "-o", "loop", image);
    }

    /// <summary>
    /// An overlayfs with one file, and a hard link "other-name" to it, in its lower layer; the layers above are in memory.
    /// </summary>
    internal static TinyFileSystem Overlay(TestDirectory directory, string name, byte[] content)
    {
        TinyFileSystem upper = TinyTmpfs(directory, 8192);
        try
        {
            string lower = Directory.CreateDirectory(directory.File("lower")).FullName;
            File.WriteAllBytes(Path.Combine(lower, name), content);
            Assert.Null(Run("ln", Path.Combine(lower, name), Path.Combine(lower, "other-name")));
            Directory.CreateDirectory(Path.Combine(upper.Path, "upper"));
            Directory.CreateDirectory(Path.Combine(upper.Path, "work"));
            string layers = $"lowerdir={lower},upperdir={upper.Path}/upper,workdir={upper.Path}/work";
            return Mount("overlay", directory, "merged", "-t", "overlay", "-o", layers, "overlay") with { Below = upper };
        }
        catch
        {
            upper.Dispose();
            throw;
        }
    }

    private static TinyFileSystem Mount(string name, TestDirectory directory, string folder, params string[] arguments)
    {
        Root();
        string path = Directory.CreateDirectory(directory.File(folder)).FullName;
        string? failure = Run("mount", [.. arguments, path]);
        Have(name, failure is null, $"cannot mount: {failure}");
        return new TinyFileSystem(path);
    }

    /// <returns>What went wrong, or null.</returns>
    private static string? Run(string command, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message; // There is no such command.
        }
    }

    /// <param name="Path">Where it is mounted.</param>
    internal sealed record TinyFileSystem(string Path) : IDisposable
    {
        /// <summary>What it stands on, to be unmounted after it.</summary>
        internal TinyFileSystem? Below { get; init; }

        public void Dispose()
        {
            Assert.Null(Run("umount", Path));
            Below?.Dispose();
        }
    }
}
