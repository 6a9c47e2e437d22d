using System.Globalization;

namespace DirectMap.FaultMatrix.Causes;

/// <summary>The device fails all reads behind some block, and the file's last two units lie there.</summary>
internal abstract class LostDevice(string name, string title, Ground ground) : UncachedCause(name, title)
{
    internal override Ground? Ground => ground;

    internal override FaultCause Fault => FaultCause.BadBlock;

    internal override PageRun LostToStores { get; } = new(Subject.Unit, Subject.Pages);

    internal override Promise? Promise => new(
        4 * PageRun.Page,
        Subject.Content,
        null,
        "Pages that are in the page cache need no read: loads and stores survive, and Persist succeeds where the "
            + "device still takes the write.");

    /// <summary>First those parts of all files that stay, then those that are lost, so that one block divides them.</summary>
    internal override void MakeFiles(IReadOnlyList<string> paths, Site site)
    {
        long divide = Subject.MappedAt + (LostToStores.First * PageRun.Page);
        foreach ((long from, long to) in ((long, long)[])[(0, divide), (divide, Subject.FileLength)])
        {
            byte[] content = new byte[to - from];
            Array.Fill(content, Subject.Content);
            foreach (string path in paths)
            {
                using FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.Write);
                file.Position = from;
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
        }
    }

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site)
    {
        long divide = Subject.MappedAt + (LostToStores.First * PageRun.Page);
        long lastKept = 0;
        long firstLost = long.MaxValue;
        foreach (Subject subject in subjects)
        {
            using DirectFile file = DirectFile.Open(subject.Path, subject.Options with { Access = FileAccess.Read });
            foreach (Extent extent in file.GetExtents())
            {
                Check.That(extent.PhysicalOffset > 0 && extent.Flags == ExtentFlags.None, $"the cause could not be made: {extent}");
                lastKept = extent.Offset < divide
                    ? Math.Max(lastKept, extent.PhysicalOffset + Math.Min(extent.Length, divide - extent.Offset))
                    : lastKept;
                firstLost = extent.End > divide
                    ? Math.Min(firstLost, extent.PhysicalOffset + Math.Max(0, divide - extent.Offset))
                    : firstLost;
            }
        }

        Check.That(
            lastKept <= firstLost,
            $"the cause could not be made: no block divides what stays (up to {lastKept}) from what is lost (from {firstLost})");
        FailFrom(firstLost, site.Device!);
    }

    internal override string? TryMend(IReadOnlyList<Subject> subjects, Site site)
    {
        Heal(site.Device!);
        return null;
    }

    protected abstract void FailFrom(long position, string device);

    protected abstract void Heal(string device);
}

/// <summary>A loop device, whose image ends before the block: the kernel answers such reads with EIO.</summary>
internal sealed class CutImage() : LostDevice("image-cut", "reads of the device fail (loop)", Ground.Ext4OnImage)
{
    private long _length;

    protected override void FailFrom(long position, string device)
    {
        _length = new FileInfo(device).Length;
        SetLength(device, position);
    }

    protected override void Heal(string device) => SetLength(device, _length);

    private static void SetLength(string device, long length)
    {
        using FileStream image = new(device, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        image.SetLength(length);
    }
}

/// <summary>A device-mapper device, whose table says "error" from the block on.</summary>
internal sealed class ErrorTarget() : LostDevice("device-error", "reads of the device fail (device-mapper)", Ground.Ext4OnMapper)
{
    private const int Sector = 512;

    private string _table = "";

    protected override void FailFrom(long position, string device)
    {
        string? failure = Commands.TryRun(out _table, null, "dmsetup", "table", device);
        Check.That(failure is null, $"the cause could not be made: {failure}");
        string[] words = _table.Trim().Split(' '); // 0 LENGTH linear DEVICE 0
        long end = long.Parse(words[1], CultureInfo.InvariantCulture);
        long first = position / Sector;
        Load(device, string.Create(CultureInfo.InvariantCulture, $"0 {first} linear {words[3]} {words[4]}\n{first} {end - first} error\n"));
    }

    protected override void Heal(string device) => Load(device, _table);

    private static void Load(string device, string table)
    {
        string? failure = Commands.TryRun(out _, table, "dmsetup", "reload", device)
            ?? Commands.TryRun("dmsetup", "suspend", "--noflush", "--nolockfs", device)
            ?? Commands.TryRun("dmsetup", "resume", device);
        Check.That(failure is null, $"the device's table could not be changed: {failure}");
    }
}
