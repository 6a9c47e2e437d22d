using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Files that the caller may write and does not own.</summary>
public sealed class GroupFileTests : FileTest
{
    [Fact]
    public void A_member_of_the_files_group_may_map_it_where_the_opener_waives_the_kernels_rule()
    {
        Requires.Root();
        using (DirectFile file = Create())
        {
            Assert.Null(RealFileSystems.Run("chown", "0:2000", file.Path));
            File.SetUnixFileMode(file.Path, (UnixFileMode)0x1B0); // 0660
            File.SetUnixFileMode(Folder.Path, (UnixFileMode)0x1ED);
        }

        ChildProcess.Result result = ChildProcess.Run(PermissionCases.MapAsOneOfTheGroup, Folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(42, File.ReadAllBytes(Folder.File())[0]);
    }

    /// <summary>The trial that tells who may hold a lease says nothing there.</summary>
    [Fact]
    public void Where_the_kernel_gives_no_leases_the_owner_may_map_a_file_and_nobody_else()
    {
        Requires.Root();
        using (DirectFile file = Create())
        {
            File.SetUnixFileMode(file.Path, (UnixFileMode)0x1B6); // 0666
            File.SetUnixFileMode(Folder.Path, (UnixFileMode)0x1ED);
        }

        ChildProcess.Result result = ChildProcess.Run(PermissionCases.MapAsAnotherUserWithoutLeases, Folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public void Without_root_a_file_of_somebody_else_may_be_mapped_so()
    {
        Requires.NotRoot();
        using DirectFile file = DirectFile.Open(
            "/etc/passwd", Options with { Access = FileAccess.Read, LeasesWithoutOwnership = true });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive });

        Assert.Contains(nameof(DirectFileOptions.LeasesWithoutOwnership), region.Protection.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_may_by_the_kernels_rule_needs_no_waiver_and_the_region_says_none()
    {
        using DirectFile file = Create();
        using DirectFile waiving = DirectFile.Open(file.Path, Options with { LeasesWithoutOwnership = true });
        using MappedRegion region = waiving.Map(MapOptions.DirectOrEmulated);

        Assert.InRange(region.Protection.Level, ProtectionLevel.Watched, ProtectionLevel.Proved);
        Assert.DoesNotContain(nameof(DirectFileOptions.LeasesWithoutOwnership), region.Protection.Reason, StringComparison.Ordinal);
    }
}
