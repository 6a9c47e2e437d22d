using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>What exists for tests only lies in files of its own, so that who reads the library reads no test's needs.</summary>
public sealed class TestHooksTests
{
    private static readonly Lazy<List<(string Name, string File)>> s_found =
        new(() => TestOnlyMembers.Of(typeof(DirectFile).Assembly, typeof(TestHooksTests).Assembly));

    /// <summary>What parties may use. What the library uses by now is not found any more.</summary>
    private static readonly string[] s_ofParties = ["DirectMap.Inodes.FileArbiter.Attach", "DirectMap.Inodes.OutsideSeat.BreakAsync"];

    [Fact]
    public void What_only_tests_use_is_in_a_file_of_test_hooks()
    {
        Assert.Equal(s_ofParties, s_found.Value.Select(NameOf).Intersect(s_ofParties).Order(StringComparer.Ordinal));
        string[] astray = [.. from member in s_found.Value
            where !member.File.EndsWith(TestOnlyMembers.FileEnding, StringComparison.Ordinal) && !s_ofParties.Contains(NameOf(member))
            select $"{member.Name} is used by tests only, and in {member.File}"];

        Assert.True(astray.Length == 0, string.Join('\n', astray));
    }

    /// <summary>But to say where a thread is.</summary>
    [Fact]
    public void The_library_itself_uses_no_hook()
    {
        Assert.Equal(["MappedView.OnMeasured", "LeaseServices.At"], TestOnlyMembers.HooksInUse(typeof(DirectFile).Assembly));
    }

    /// <summary>
    /// The first test is only as good as what is found: a method, an accessor that only tests set, one of a static class, and what only
    /// another hook uses.
    /// </summary>
    [Fact]
    public void Each_kind_of_hook_is_found()
    {
        string[] names = [.. s_found.Value.Select(NameOf)];

        Assert.Contains("DirectMap.LeaseCoordinator.ExclusiveLeasesOf", names);
        Assert.Contains("DirectMap.LeaseCoordinator.set_AtStep", names);
        Assert.Contains("DirectMap.Inodes.InodeTable.get_Count", names);
        Assert.Contains("DirectMap.Leases.LeaseTable.get_ExclusiveLeases", names);
    }

    [Fact]
    public void A_file_of_test_hooks_stands_beside_its_class_and_says_so_at_its_head()
    {
        string source = Path.Combine(Repository.Root, "src");
        string[] files = Directory.GetFiles(source, "*" + TestOnlyMembers.FileEnding, SearchOption.AllDirectories);

        Assert.NotEmpty(files);
        Assert.All(files, file =>
        {
            Assert.True(File.Exists(file.Replace(TestOnlyMembers.FileEnding, ".cs", StringComparison.Ordinal)), file);
            Assert.Contains("\n/// <content>For tests ", File.ReadAllText(file), StringComparison.Ordinal);
        });
    }

    private static string NameOf((string Name, string File) member) => member.Name.Split('(')[0];
}
