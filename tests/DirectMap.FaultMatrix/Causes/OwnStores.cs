using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FaultMatrix.Causes;

/// <summary>
/// A sparse file that is larger than its disk: the stores to its mapping take block after block, until there is none. Nobody else is there.
/// </summary>
internal sealed class OwnStores(string name, string title, Ground ground) : Cause(name, title)
{
    /// <summary>What the mapping's stores have to fill.</summary>
    private const long Room = 100L << 20;

    /// <summary>What is given back, to mend it.</summary>
    private const long Reserve = 24L << 20;

    internal override Ground? Ground => ground;

    internal override IReadOnlyList<bool> Kinds { get; } = [false];

    internal static long Length => 2 * Room;

    /// <summary>
    /// Stores only. Persisting makes none, and loads take nothing, but on tmpfs, where they are as in a file that somebody has made sparse.
    /// </summary>
    internal override bool HasCell(Access access, How how) => access.Kind == AccessKind.Store;

    internal override void MakeFiles(IReadOnlyList<string> paths, Site site)
    {
        DriveInfo drive = new(site.Folder);
        Take(Path.Combine(site.Folder, "reserve"), Reserve);
        long rest = drive.AvailableFreeSpace - Room;
        if (rest > 0)
        {
            Take(Path.Combine(site.Folder, "taken"), rest);
        }

        foreach (string path in paths)
        {
            using FileStream file = File.Create(path);
            file.SetLength(Length);
        }

        static void Take(string path, long length)
        {
            using SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDWR | PlainCalls.O_CREAT);
            Check.Equal(0, PlainCalls.Allocate(file, 0, 0, length).Errno, $"fallocate's error number for {length} bytes");
            Check.Equal(0, PlainCalls.Fsync(file).Errno, "fsync's error number");
        }
    }

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site)
    {
    }

    /// <summary>Gives space back.</summary>
    internal static void Mend(Site site) => Empty(Path.Combine(site.Folder, "reserve"), site);

    /// <summary>Gives everything back.</summary>
    internal static void Clear(Site site)
    {
        foreach (string path in Directory.GetFiles(site.Folder))
        {
            Empty(path, site);
        }
    }

    private static void Empty(string path, Site site)
    {
        using SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Check.Equal(0, PlainCalls.SetLength(file, 0).Errno, "ftruncate's error number");
        Check.Equal(0, PlainCalls.Fsync(file).Errno, "fsync's error number");
        Commands.Run("sync", "-f", site.Folder); // btrfs has the space free only then.
    }
}
