using DirectMap.FaultMatrix.Causes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>
/// The file systems of one worker: made when a cell first asks for one, unmounted at the end. Each worker has its own, since cells
/// fill and break them.
/// </summary>
internal sealed class Grounds : IDisposable
{
    private readonly Dictionary<Ground, Made> _made = [];
    private readonly TestDirectory _directory = new();

    /// <summary>A folder on it.</summary>
    internal Made Of(Ground? ground)
    {
        if (ground is null)
        {
            return new Made(_directory.Path, null, null, "", []);
        }

        if (!_made.TryGetValue(ground, out Made? made))
        {
            made = Environment.IsPrivilegedProcess ? Make(ground) : new Made("", null, "needs root", "root", []);
            _made.Add(ground, made);
        }

        return made;
    }

    /// <summary>The cell has ended; the next one finds nothing of it.</summary>
    internal void Ended(Ground? ground)
    {
        if (ground is { IsSpoiled: true } && _made[ground].Failure is null)
        {
            Undo(_made[ground]);
            _made.Remove(ground);
        }
    }

    public void Dispose()
    {
        foreach (Made made in _made.Values)
        {
            Undo(made);
        }

        _directory.Dispose();
    }

    private Made Make(Ground ground) => ground.Name switch
    {
        "ext4" => OnLoop(ground, 32, "mkfs.ext4", "-q", "-b", "4096"),
        "ext4-on-image" => OnLoop(ground, 32, "mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal"),
        "ext4-on-mapper" => OnMapper(ground),
        "large-ext4" => OnLoop(ground, 160, "mkfs.ext4", "-q"),
        "large-xfs" => OnLoop(ground, 400, "mkfs.xfs", "-q", "-f"),
        "large-tmpfs" => Mount(ground, null, [], "-t", "tmpfs", "-o", "size=128m", "tmpfs"),
        "large-btrfs" => OnLoop(ground, 400, "mkfs.btrfs", "-q"),
        "btrfs-nocow" or "large-btrfs-nocow" => WithoutCopies(OnLoop(ground, 400, "mkfs.btrfs", "-q")),
        "tmpfs" => Mount(ground, null, [], "-t", "tmpfs", "-o", "size=16m", "tmpfs"),
        _ => OnLoop(ground, 400, "mkfs.xfs", "-q", "-f", "-m", "reflink=1"),
    };

    private Made OnLoop(Ground ground, int mebibytes, string make, params string[] arguments)
    {
        string image = NewImage(ground, mebibytes);
        return Commands.TryRun(make, [.. arguments, image]) is { } failure
            ? new Made("", null, failure, ground.Words[^1], [])
            : Mount(ground, image, [], "-o", "loop", image);
    }

    private static Made WithoutCopies(Made made) =>
        made.Failure is null && Commands.TryRun("chattr", "+C", made.Path) is { } failure
            ? made with { Failure = failure, Word = "chattr" }
            : made;

    /// <summary>No journal, so that nothing is written behind the file's blocks.</summary>
    private Made OnMapper(Ground ground)
    {
        if (Commands.TryRun("dmsetup", "targets") is { } missing)
        {
            return new Made("", null, missing, "dm", []);
        }

        string image = NewImage(ground, 32);
        string? failure = Commands.TryRun(out string loop, null, "losetup", "--find", "--show", image);
        if (failure is not null)
        {
            return new Made("", null, failure, "loop", []);
        }

        loop = loop.Trim();
        string name = $"directmap-{Guid.NewGuid():N}";
        failure = Commands.TryRun("dmsetup", "create", name, "--table", $"0 {(32 << 20) / 512} linear {loop} 0");
        if (failure is not null)
        {
            Commands.TryRun("losetup", "--detach", loop);
            return new Made("", null, failure, "dm", []);
        }

        string[][] undo = [["dmsetup", "remove", "--retry", name], ["losetup", "--detach", loop]];
        failure = Commands.TryRun("mkfs.ext4", "-q", "-b", "4096", "-O", "^has_journal", $"/dev/mapper/{name}");
        return failure is not null ? new Made("", null, failure, "ext4", undo) : Mount(ground, name, undo, $"/dev/mapper/{name}");
    }

    private string NewImage(Ground ground, int mebibytes)
    {
        string image = _directory.File(ground.Name + ".image");
        using FileStream file = File.Create(image);
        file.SetLength((long)mebibytes << 20);
        return image;
    }

    private Made Mount(Ground ground, string? device, string[][] undo, params string[] arguments)
    {
        string path = Directory.CreateDirectory(_directory.File(ground.Name)).FullName;
        string? failure = Commands.TryRun("mount", [.. arguments, path]);
        return failure is not null
            ? new Made("", null, failure, ground.Words[0], undo)
            : new Made(path, device, null, "", [["umount", path], .. undo]);
    }

    private static void Undo(Made made)
    {
        foreach (string[] command in made.Undo)
        {
            if (Commands.TryRun(command[0], command[1..]) is { } failure)
            {
                _ = command[0] == "umount" ? Commands.TryRun("umount", ["-l", .. command[1..]]) : null;
                Console.Error.WriteLine($"{string.Join(' ', command)}: {failure}");
            }
        }
    }
}

/// <param name="Path">Where it is.</param>
/// <param name="Device">What is below it: the image, or the mapper's name.</param>
/// <param name="Failure">Why it could not be made.</param>
/// <param name="Word">What the machine lacks then, as DIRECTMAP_TESTS_MUST_HAVE names it.</param>
/// <param name="Undo">The commands that take it down.</param>
internal sealed record Made(string Path, string? Device, string? Failure, string Word, string[][] Undo);
