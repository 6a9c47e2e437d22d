using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>What those see who may not see everything.</summary>
public sealed class LeasesRightsTests : ToolTest
{
    [Fact]
    public async Task Who_may_not_be_looked_into_is_named_and_counted()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess others = new(path, "open read", "flock");
        using HolderProcess own = new(path, "open read", "map shared", "become nobody");

        JsonElement seen = JsonDocument.Parse((await AsNobodyAsync("leases", "--json", path)).Output).RootElement;
        ToolResult plain = await AsNobodyAsync("leases", path);

        Assert.Equal([own.Id], seen.GetProperty("processes").EnumerateArray().Select(Process));
        JsonElement process = seen.GetProperty("processes")[0];
        Assert.Equal(65534, process.GetProperty("uid").GetInt32());
        Assert.Equal(
            (1, 1), (process.GetProperty("descriptors").GetArrayLength(), process.GetProperty("mappings").GetArrayLength()));
        Assert.Contains(others.Id, seen.GetProperty("notPermitted").EnumerateArray().Select(Process));
        Assert.DoesNotContain(own.Id, seen.GetProperty("notPermitted").EnumerateArray().Select(Process));
        Assert.Equal(
            plain.Fact("not-permitted"),
            $"{plain.Lines.Count(line => line.StartsWith("not-permitted ", StringComparison.Ordinal))}");
        Assert.StartsWith("uid 0, ", plain.Fact($"not-permitted {others.Id}"), StringComparison.Ordinal);
        Assert.Equal($"flock read, held by {others.Id}", plain.Fact("lock"));

        static int Process(JsonElement element) => element.GetProperty("pid").GetInt32();
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_has_holders_all_the_same()
    {
        string path = TestFile.Written(Folder);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using HolderProcess own = new(path, "open read", "become nobody");

        ToolResult result = await AsNobodyAsync("leases", path);

        Assert.Equal((0, "1"), (result.Code, result.Fact("processes")));
    }

    [Fact]
    public async Task Hidden_processes_are_said_to_be_hidden()
    {
        string path = TestFile.Written(Folder);
        const string Hiding = "mount -t proc -o hidepid=invisible proc /proc && exec \"$@\"";

        ToolResult seen = await AsNobodyAsync("leases", path);
        ToolResult hidden = await UnderAsync(["unshare", "-m", "sh", "-c", Hiding, "sh", .. s_asNobody], "leases", path);

        Assert.Equal((0, "no"), (seen.Code, seen.Fact("others-hidden")));
        Assert.Equal((0, "yes"), (hidden.Code, hidden.Fact("others-hidden")));
    }

    [Fact]
    public async Task A_pid_namespace_of_its_own_is_said()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess outside = new(path, "open read");

        ToolResult result = await UnderAsync(["unshare", "--pid", "--fork", "--mount-proc"], "leases", path);

        Assert.Equal((0, "0", "yes"), (result.Code, result.Fact("processes"), result.Fact("one-namespace-only")));
    }

    private static readonly string[] s_asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    private Task<ToolResult> AsNobodyAsync(params string[] args) => UnderAsync(s_asNobody, args);

    private async Task<ToolResult> UnderAsync(string[] command, params string[] args)
    {
        Requires.Root();
        using TestDirectory directory = new();
        string tool = ToolProcess.CopyTo(directory);
        File.SetUnixFileMode(Folder.Path, File.GetUnixFileMode(Folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return await ToolProcess.RunAsync(command[0], [.. command[1..], tool, .. args]);
    }
}
