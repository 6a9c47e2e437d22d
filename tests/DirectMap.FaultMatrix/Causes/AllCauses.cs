namespace DirectMap.FaultMatrix.Causes;

/// <summary>The rows of the table.</summary>
internal static class AllCauses
{
    internal static IReadOnlyList<Cause> List { get; } =
    [
        new Truncated("truncated-to-0", "truncated to 0", -Subject.MappedAt, byProcess: false),
        new Truncated(
            "truncated-in-page", "truncated within a page, by another process", ((Subject.Unit - 1) * PageRun.Page) + 100, byProcess: true),
        new Truncated("truncated-in-region", "truncated within the region", Subject.Unit * PageRun.Page, byProcess: false),
        new FullDisk("punched-ext4", "hole punched, ext4 full", Ground.Ext4, WhyBlocks.Punched),
        new FullDisk("sparse-ext4", "sparse file, ext4 full", Ground.Ext4, WhyBlocks.Sparse),
        new FullDisk("sparse-xfs", "sparse file, XFS full", Ground.Xfs, WhyBlocks.Sparse),
        new FullDisk("sparse-tmpfs", "sparse file, tmpfs full", Ground.Tmpfs, WhyBlocks.Sparse),
        new FullDisk("sparse-btrfs", "sparse file, btrfs (NOCOW) full", Ground.BtrfsNoCow, WhyBlocks.Sparse, pages: 2),
        new FullDisk("reflinked-xfs", "reflinked file, XFS full", Ground.Xfs, WhyBlocks.Reflinked),
        new OwnStores("filled-ext4", "ext4, filled by the stores", Ground.LargeExt4),
        new OwnStores("filled-xfs", "XFS, filled by the stores", Ground.LargeXfs),
        new OwnStores("filled-tmpfs", "tmpfs, filled by the stores", Ground.LargeTmpfs),
        new OwnStores("filled-btrfs", "btrfs, filled by the stores", Ground.LargeBtrfs),
        new OwnStores("filled-btrfs-nocow", "btrfs (NOCOW), filled by the stores", Ground.LargeBtrfsNoCow),
        new LeaseRevoked(),
        new RegionDisposed(),
        new ShutDown(),
        new CutImage(),
        new ErrorTarget(),
    ];
}
