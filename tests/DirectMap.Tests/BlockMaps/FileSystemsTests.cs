using DirectMap.BlockMaps;

namespace DirectMap.Tests.BlockMaps;

public sealed class FileSystemsTests
{
    [Theory]
    [InlineData(0xEF53, "ext4", BlockMapStability.Stable)]
    [InlineData(0x58465342, "xfs", BlockMapStability.Stable)]
    [InlineData(0x01021994, "tmpfs", BlockMapStability.Stable)]
    [InlineData(0x9123683E, "btrfs", BlockMapStability.Moves)]
    [InlineData(0xF2F52010, "f2fs", BlockMapStability.Moves)]
    [InlineData(0xCA451A4E, "bcachefs", BlockMapStability.Moves)]
    [InlineData(0x2FC12FC1, "zfs", BlockMapStability.Moves)]
    [InlineData(0x3434, "nilfs2", BlockMapStability.Moves)]
    [InlineData(0x794C7630, "overlay", BlockMapStability.Unverified)]
    [InlineData(0x6969, "nfs", BlockMapStability.Unverified)]
    [InlineData(0x65735546, "fuse", BlockMapStability.Unverified)]
    [InlineData(0x01021997, "9p", BlockMapStability.Unverified)]
    [InlineData(0x12345678, "file system 0x12345678", BlockMapStability.Unverified)]
    public void A_file_system_is_known_by_its_magic_number_and_an_unknown_one_is_unverified(uint magic, string name, BlockMapStability stability)
    {
        FileSystems.FileSystem fileSystem = FileSystems.Of(magic);

        Assert.Equal(name, fileSystem.Name);
        Assert.Equal(stability, fileSystem.Stability);
    }
}
