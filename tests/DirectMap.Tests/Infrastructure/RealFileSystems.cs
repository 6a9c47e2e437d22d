using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(RealFileSystems))]

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// The file systems that tests compare the library with: made on loop devices when a test first asks for one, unmounted with the last test.
/// Needs root; a test that asks without is skipped with the reason.
/// </summary>
public sealed class RealFileSystems : IDisposable
{
    /// <summary>For the tables: each by the name under which tests show it.</summary>
    internal const string Ext4 = "ext4", Ext4Journal = "ext4 data=journal", Ext4Inline = "ext4 inline_data", Xfs = "xfs reflink",
        XfsWithoutReflink = "xfs", Btrfs = "btrfs", BtrfsNoCow = "btrfs NOCOW", Tmpfs = "tmpfs", Overlay = "overlay";

    /// <summary>As in containers. Not among <see cref="All"/>: nothing but the page cache is other than over memory.</summary>
    internal const string OverlayOnExt4 = "overlay over ext4";

    /// <summary>With blocks of 1024 bytes. Not among <see cref="All"/>, where blocks are as large as pages.</summary>
    internal const string Ext4SmallBlocks = "ext4 1 KiB", XfsSmallBlocks = "xfs 1 KiB";

    /// <summary>Keeps no birth times. Not among <see cref="All"/>.</summary>
    internal const string Ext4SmallInodes = "ext4 128-byte inodes";

    /// <summary>Have no files without a name (O_TMPFILE). Not among <see cref="All"/>.</summary>
    internal const string Fuse = "fuse", Vfat = "vfat";

    private const long Size = 640L << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Mounted> _mounted = [];
    private readonly List<string> _order = [];
    private readonly TestDirectory _directory = new();

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<string> All { get; } =
    [
        Ext4, Ext4Journal, Ext4Inline, Xfs, XfsWithoutReflink, Btrfs, BtrfsNoCow, Tmpfs, Overlay
    ];

    /// <summary>A folder of its own on a file system. On <see cref="BtrfsNoCow"/> new files in it have the NOCOW attribute.</summary>
    internal TestDirectory NewDirectory(string name)
    {
        Requires.Root();
        Mounted mounted;
        lock (_gate)
        {
            if (!_mounted.TryGetValue(name, out mounted!))
            {
                _mounted.Add(name, mounted = Mount(name));
                _order.Add(name);
            }
        }

        Requires.Have(Word(name), mounted.Failure is null, $"cannot make '{name}': {mounted.Failure}");
        TestDirectory directory = new(mounted.Path);
        if (name == BtrfsNoCow)
        {
            Assert.Null(Run("chattr", "+C", directory.Path));
        }

        return directory;
    }

    public void Dispose()
    {
        foreach (string name in Enumerable.Reverse(_order))
        {
            foreach (string path in _mounted[name].ToUnmount)
            {
                _ = Run("umount", path) is null ? null : Run("umount", "-l", path);
            }
        }

        _directory.Dispose();
    }

    /// <summary>Runs a command to its end.</summary>
    /// <returns>What went wrong, or null.</returns>
    internal static string? Run(string command, params string[] arguments) => Run(out _, command, arguments);

    /// <summary>Runs a command to its end.</summary>
    /// <returns>What went wrong, or null.</returns>
    internal static string? Run(out string output, string command, params string[] arguments)
    {
        output = "";
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(command, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{command}: {error.Result.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"{command}: {exception.Message}"; // There is no such command.
        }
    }

    /// <summary>How DIRECTMAP_TESTS_MUST_HAVE names a file system.</summary>
    private static string Word(string name) => name.Split(' ')[0];

    private Mounted Mount(string name) => name switch
    {
        Ext4 => OnLoop("ext4", "", "mkfs.ext4", "-q", "-b", "4096"),
        Ext4Journal => OnLoop("ext4-journal", "data=journal", "mkfs.ext4", "-q", "-b", "4096"),
        Ext4Inline => OnLoop("ext4-inline", "", "mkfs.ext4", "-q", "-b", "4096", "-O", "inline_data", "-I", "256"),
        Xfs => OnLoop("xfs-reflink", "", "mkfs.xfs", "-q", "-m", "reflink=1"),
        XfsWithoutReflink => OnLoop("xfs", "", "mkfs.xfs", "-q", "-m", "reflink=0"),
        Btrfs or BtrfsNoCow => _mounted.GetValueOrDefault(name == Btrfs ? BtrfsNoCow : Btrfs) is { } other
            ? other with { ToUnmount = [] }
            : OnLoop("btrfs", "", "mkfs.btrfs", "-q"),
        Ext4SmallBlocks => OnLoop("ext4-small-blocks", "", "mkfs.ext4", "-q", "-b", "1024"),
        Ext4SmallInodes => OnLoop("ext4-small-inodes", "", "mkfs.ext4", "-q", "-b", "4096", "-I", "128"),
        XfsSmallBlocks => OnLoop("xfs-small-blocks", "", "mkfs.xfs", "-q", "-b", "size=1024"),
        Vfat => OnLoop("vfat", "", "mkfs.vfat"),
        Fuse => ThroughFuse(),
        Tmpfs => InMemory(),
        Overlay => Over(Mounted("below-overlay", "-t", "tmpfs", "-o", "size=256m", "tmpfs"), "overlay"),
        OverlayOnExt4 => Over(OnLoop("ext4-below-overlay", "", "mkfs.ext4", "-q", "-b", "4096"), "overlay-on-ext4"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not in the table."),
    };

    private Mounted OnLoop(string folder, string options, string make, params string[] arguments)
    {
        string image = _directory.File(folder + ".image");
        using (FileStream file = File.Create(image))
        {
            file.SetLength(Size);
        }

        return Run(make, [.. arguments, image]) is { } failure
            ? new Mounted("", failure, [])
            : Mounted(folder, "-o", options.Length == 0 ? "loop" : "loop," + options, image);
    }

    private Mounted InMemory() => Mounted("tmpfs", "-t", "tmpfs", "-o", "size=256m", "tmpfs");

    private Mounted ThroughFuse()
    {
        string below = Directory.CreateDirectory(_directory.File("below-fuse")).FullName;
        string path = Directory.CreateDirectory(_directory.File("fuse")).FullName;
        string? failure = Run("bindfs", below, path);
        return new Mounted(path, failure, failure is null ? [path] : []);
    }

    private Mounted Over(Mounted below, string folder)
    {
        if (below.Failure is not null)
        {
            return below;
        }

        foreach (string layer in (string[])["lower", "upper", "work"])
        {
            Directory.CreateDirectory(Path.Combine(below.Path, layer));
        }

        Mounted merged = Mounted(
            folder,
            "-t",
            "overlay",
            "-o",
            $"lowerdir={below.Path}/lower,upperdir={below.Path}/upper,workdir={below.Path}/work",
            "overlay");
        return merged with { ToUnmount = [.. merged.ToUnmount, .. below.ToUnmount] };
    }

    private Mounted Mounted(string folder, params string[] arguments)
    {
        string path = Directory.CreateDirectory(_directory.File(folder)).FullName;
        string? failure = Run("mount", [.. arguments, path]);
        return new Mounted(path, failure, failure is null ? [path] : []);
    }
}

/// <param name="Path">Where it is mounted.</param>
/// <param name="Failure">Why it is not.</param>
/// <param name="ToUnmount">What goes with it.</param>
internal sealed record Mounted(string Path, string? Failure, string[] ToUnmount);
