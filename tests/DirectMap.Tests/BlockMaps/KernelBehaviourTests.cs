using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

/// <summary>
/// That the verdicts mean what they say: what the kernel does to the block map when a file in the same state is mapped without the library.
/// </summary>
public sealed class KernelBehaviourTests(RealFileSystems fileSystems, FragmentedFiles fragmented) : StateTest(fileSystems, fragmented)
{
    [Theory]
    [MemberData(nameof(VerdictTable.Effects), MemberType = typeof(VerdictTable))]
    public void Accesses_change_the_block_map_only_where_the_table_says_so(
        string fileSystem, FileState state, MappingAccess access, bool changes)
    {
        (string path, FileRange range) = Make(fileSystem, state);
        string before = Oracles.BlockMap(fileSystem, path);

        if (access == MappingAccess.Read)
        {
            Oracles.LoadEveryPage(path, range);
        }
        else
        {
            Oracles.StoreToEveryPage(path, range);
        }

        string after = Oracles.BlockMap(fileSystem, path);
        if (changes)
        {
            Assert.NotEqual(before, after);
        }
        else
        {
            Assert.Equal(before, after);
        }
    }

    [Fact]
    public void The_table_allows_no_access_that_changes_a_block_map_that_somebody_vouches_for()
    {
        Assert.All(VerdictTable.Rows.SelectMany(row => RealFileSystems.All.Zip(row.Row)), pair =>
        {
            (string fileSystem, VerdictTable.Cell cell) = pair;
            Assert.False(cell.Write == RefusalReason.None && cell.StoresChangeTheMap);
            Assert.False(cell.Read == RefusalReason.None && cell.LoadsChangeTheMap && fileSystem != RealFileSystems.Overlay);
        });
    }

    [Theory]
    [MemberData(nameof(VerdictTable.Impossible), MemberType = typeof(VerdictTable))]
    public void A_state_that_a_file_system_cannot_have_cannot_be_made(string fileSystem, FileState state, string why)
    {
        if (state == FileState.Fragmented)
        {
            (string path, _) = Make(fileSystem, FileState.Written);
            Assert.Contains("unsupported", RealFileSystems.Run("filefrag", "-v", path) ?? why, StringComparison.Ordinal);
            return;
        }

        Assert.Equal(FileStates.EOPNOTSUPP, Assert.Throws<IOException>(() => Make(fileSystem, state)).HResult);
    }

    /// <summary>
    /// With data=journal there is no delayed allocation. Elsewhere the kernel may begin to write at any time by itself, when others have
    /// dirtied much memory: hence more than one look.
    /// </summary>
    [Theory]
    [InlineData(RealFileSystems.Ext4, true)]
    [InlineData(RealFileSystems.Ext4Journal, false)]
    [InlineData(RealFileSystems.Ext4Inline, true)]
    [InlineData(RealFileSystems.Xfs, true)]
    [InlineData(RealFileSystems.XfsWithoutReflink, true)]
    [InlineData(RealFileSystems.Btrfs, true)]
    [InlineData(RealFileSystems.BtrfsNoCow, true)]
    public void What_was_just_written_has_no_blocks_until_it_is_synced(string fileSystem, bool delays)
    {
        const int Looks = 20;
        (string path, _) = Make(fileSystem, FileState.Delayed);
        bool seen = IsDelayed(path);
        for (int look = 1; look < Looks && seen != delays; look++)
        {
            string another = $"{path}.{look}";
            FileStates.Make(FileState.Delayed, another);
            seen = IsDelayed(another);
        }

        Assert.Equal(delays, seen);
        Assert.All(Oracles.Filefrag(path), extent => Assert.Equal(ExtentFlags.None, extent.Flags));
    }

    private static bool IsDelayed(string path) =>
        Oracles.Filefrag(path, sync: false).All(extent => extent.Flags.HasFlag(ExtentFlags.DelayedAllocation));
}
