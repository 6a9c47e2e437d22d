using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;
using Xunit.Sdk;

namespace DirectMap.FaultMatrix.Causes;

/// <summary>The disk is full, and the middle unit of the region needs blocks.</summary>
/// <param name="name">Of the row.</param>
/// <param name="title">Of the row.</param>
/// <param name="ground">Which disk.</param>
/// <param name="why">Why it needs blocks.</param>
/// <param name="pages">How many pages of the middle unit need some: btrfs takes most of a second to say that there is none.</param>
internal sealed class FullDisk(string name, string title, Ground ground, WhyBlocks why, int pages = Subject.Unit) : PageCause(name, title)
{
    private readonly PageRun _middle = new(Subject.Unit, Subject.Unit + pages);

    private readonly List<DiskFill> _fills = [];

    internal override Ground? Ground => ground;

    internal override IReadOnlyList<bool> Kinds => why == WhyBlocks.Punched ? [true, false] : [false];

    internal override FaultCause Fault => FaultCause.NoSpace;

    internal override PageRun LostToStores => _middle;

    internal override PageRun LostToLoads => ground == Ground.Tmpfs ? _middle : PageRun.None;

    internal override string? WhyLoadsLive => why == WhyBlocks.Reflinked
        ? "Loads of blocks that are shared with another file need no copy: they read what is there."
        : "Loads from a hole need no block on ext4, XFS and btrfs: they read zeros. (On tmpfs they need one.)";

    internal override bool NeedsPrepare => why == WhyBlocks.Punched;

    internal override void MakeFiles(IReadOnlyList<string> paths, Site site)
    {
        if (why == WhyBlocks.Punched)
        {
            base.MakeFiles(paths, site);
            return;
        }

        string source = Path.Combine(site.Folder, "source");
        base.MakeFiles([source], site);
        foreach (string path in paths)
        {
            if (why == WhyBlocks.Reflinked)
            {
                Commands.Run("cp", "--reflink=always", source, path);
                continue;
            }

            using FileStream sparse = File.Create(path);
            sparse.SetLength(Subject.FileLength); // First: XFS allocates ahead of writes that make a file longer.
            foreach ((long from, long to) in ((long, long)[])[
                (0, Subject.MappedAt + (_middle.First * PageRun.Page)),
                (Subject.MappedAt + (_middle.End * PageRun.Page), Subject.FileLength)
            ])
            {
                byte[] content = new byte[to - from];
                Array.Fill(content, Subject.Content);
                sparse.Position = from;
                sparse.Write(content);
            }

            sparse.Flush(flushToDisk: true);
        }
    }

    internal override void Ready(IReadOnlyList<Subject> subjects)
    {
        if (why != WhyBlocks.Reflinked)
        {
            return;
        }

        // The outer units get blocks of their own while there is room.
        foreach (Subject subject in subjects)
        {
            for (long page = 0; page < Subject.Pages; page++)
            {
                if (!_middle.Contains(page))
                {
                    subject.Touch(page);
                }
            }

            using SafeFileHandle file = PlainCalls.Open(subject.Path, PlainCalls.O_RDWR);
            Check.Equal(0, PlainCalls.Fsync(file).Errno, "fsync's error number");
        }
    }

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site)
    {
        if (why == WhyBlocks.Punched)
        {
            foreach (Subject subject in subjects)
            {
                using SafeFileHandle file = PlainCalls.Open(subject.Path, PlainCalls.O_RDWR);
                long offset = Subject.MappedAt + (_middle.First * PageRun.Page);
                Check.Equal(
                    0,
                    PlainCalls.Allocate(file, PlainCalls.PunchHole | PlainCalls.KeepSize, offset, Subject.Unit * PageRun.Page).Errno,
                    "fallocate's error number");
                Check.Equal(0, PlainCalls.Fsync(file).Errno, "fsync's error number"); // Only then are the blocks free for others.
            }
        }

        // What was written to fill it may have set more aside than it needed: once it is written back, there is room again.
        long before;
        long taken = 0;
        do
        {
            before = taken;
            TryFill(site);
            taken = Fillers(site).Sum(filler => filler.Length);
        }
        while (taken > before);
    }

    internal override string? TryMend(IReadOnlyList<Subject> subjects, Site site)
    {
        foreach (FileInfo filler in Fillers(site))
        {
            using FileStream file = filler.OpenWrite();
            file.SetLength(0); // XFS gives the blocks of a deleted file back some time later.
        }

        _fills.ForEach(fill => fill.Dispose());
        return null;
    }

    private void TryFill(Site site)
    {
        try
        {
            _fills.Add(new DiskFill(site.Folder));
        }
        catch (XunitException) when (_fills.Count > 0)
        {
            // There is no room for a file more.
        }
    }

    private static FileInfo[] Fillers(Site site) => new DirectoryInfo(site.Folder).GetFiles("filler-*");
}

/// <summary>Why a store needs blocks.</summary>
internal enum WhyBlocks
{
    /// <summary>Somebody has punched a hole.</summary>
    Punched,

    /// <summary>The file was made with a hole.</summary>
    Sparse,

    /// <summary>The blocks are another file's, too.</summary>
    Reflinked,
}
