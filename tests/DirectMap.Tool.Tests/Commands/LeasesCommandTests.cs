using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>Who has a file; the others are real processes.</summary>
public sealed class LeasesCommandTests : ToolTest
{
    [Fact]
    public async Task Who_has_the_file_open_is_shown_with_each_descriptor()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read", "open read-write", "open write", "open nothing", "open path");

        JsonElement process = Assert.Single(await ProcessesAsync(path));

        Assert.Equal(holder.Id, Number(process, "pid"));
        Assert.Null(RealFileSystems.Run(out string user, "id", "-u"));
        Assert.Equal(int.Parse(user, System.Globalization.CultureInfo.InvariantCulture), Number(process, "uid"));
        Assert.EndsWith($" --holder {path}", process.GetProperty("command").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["read", "readWrite", "write", "none", "path"],
            process.GetProperty("descriptors").EnumerateArray().OrderBy(one => Array.IndexOf(holder.Answers, $"{Number(one, "number")}"))
                .Select(one => one.GetProperty("access").GetString()));
        Assert.Equal(0, process.GetProperty("mappings").GetArrayLength());
    }

    [Fact]
    public async Task Who_has_the_file_mapped_is_shown_without_a_descriptor()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "map shared", "map private", "map read");

        JsonElement process = Assert.Single(await ProcessesAsync(path));

        Assert.Equal((holder.Id, 0), (Number(process, "pid"), process.GetProperty("descriptors").GetArrayLength()));
        Assert.Equal(
            [(false, "readWrite"), (true, "read"), (true, "readWrite")],
            process.GetProperty("mappings").EnumerateArray()
                .Select(one => (one.GetProperty("shared").GetBoolean(), one.GetProperty("access").GetString())).Order());
        Assert.All(process.GetProperty("mappings").EnumerateArray(), one => Assert.Equal((1, TestFile.Length, true), (
            Number(one, "count"), Number(one, "bytes"), one.GetProperty("certain").GetBoolean())));
    }

    [Fact]
    public async Task A_file_is_known_by_its_inode_and_not_by_its_name()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read", "map shared");
        string link = Folder.File("link");
        Assert.Null(RealFileSystems.Run("ln", path, link));
        string renamed = Folder.File("renamed");
        File.Move(path, renamed);
        TestFile.Written(Folder);

        Assert.Empty(await ProcessesAsync(path));
        Assert.Equal(holder.Id, Number(Assert.Single(await ProcessesAsync(renamed)), "pid"));
        Assert.Equal(holder.Id, Number(Assert.Single(await ProcessesAsync(link)), "pid"));
    }

    [Fact]
    public async Task A_deleted_file_is_found_by_a_descriptor()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read", "map shared");
        File.Delete(path);
        TestFile.Written(Folder);

        JsonElement process = Assert.Single(await ProcessesAsync($"/proc/{holder.Id}/fd/{holder.Answers[0]}"));

        Assert.Equal(holder.Id, Number(process, "pid"));
        Assert.Single(process.GetProperty("mappings").EnumerateArray());
        Assert.Empty(await ProcessesAsync(path));
    }

    [Fact]
    public async Task Ten_thousand_descriptors_are_counted()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read-write", "open 10000");

        ToolResult plain = await ToolRun.RunAsync("leases", path);
        ToolResult table = await ToolRun.OnTerminalAsync(100, hasColor: false, "leases", path);

        Assert.Equal((0, 0), (plain.Code, table.Code));
        string[] open = [.. plain.Lines.Where(line => line.StartsWith($"process {holder.Id} open: ", StringComparison.Ordinal))];
        Assert.Equal(2, open.Length);
        Assert.Equal("process N open: read, descriptors".Split(' ').Length + 10_000, open[0].Split(' ').Length);
        Assert.Contains("10000 read", table.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Locks_are_shown_with_who_has_them()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "flock", "ofd lock");

        ToolResult result = await ToolRun.RunAsync("leases", path);

        Assert.Equal(
            [$"lock: flock read, held by {holder.Id}", $"lock: open-file-description write, bytes 10 to 14, held by {holder.Id}"],
            result.Lines.Where(line => line.StartsWith("lock: ", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task A_kernel_lease_is_shown_and_not_broken()
    {
        const string F_WRLCK = "1";
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "lease");
        Assert.Equal("0", holder.Answers[0]);

        ToolResult result = await ToolRun.RunAsync("leases", path);

        Assert.Equal($"lease write, held by {holder.Id}", result.Fact("lock"));
        Assert.Equal(F_WRLCK, holder.Do("lease?"));
    }

    [Fact]
    public async Task A_process_that_has_the_library_loaded_is_marked()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess with = new(path, "directmap");
        using HolderProcess without = new(path, "open read");

        JsonElement[] processes = await ProcessesAsync(path);

        string[] library = LibraryOf(with);
        Assert.Contains(Path.Combine(AppContext.BaseDirectory, "DirectMap.dll"), library);
        Assert.Empty(LibraryOf(without));

        string[] LibraryOf(HolderProcess holder) =>
            [.. processes.Single(process => Number(process, "pid") == holder.Id).GetProperty("library").EnumerateArray()
                .Select(one => one.GetString()!)];
    }

    [Fact]
    public async Task What_other_threads_have_is_seen_where_the_first_one_has_ended()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read", "map shared", "end main");
        Soon.Until(() => File.ReadAllText($"/proc/{holder.Id}/stat").Contains(") Z ", StringComparison.Ordinal), "the first thread ends");

        JsonElement process = Assert.Single(await ProcessesAsync(path));

        Assert.Single(process.GetProperty("descriptors").EnumerateArray());
        Assert.Single(process.GetProperty("mappings").EnumerateArray());
    }

    [Fact]
    public async Task Processes_that_come_and_go_never_make_it_fail()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read");
        using CancellationTokenSource enough = new();
        Task coming = Task.Run(
            () =>
            {
                while (!enough.IsCancellationRequested)
                {
                    Assert.Null(RealFileSystems.Run("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do (exec 5<$0; exec true) & done; wait", path));
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; i < 50; i++)
        {
            Assert.Contains(await ProcessesAsync(path), process => Number(process, "pid") == holder.Id);
        }

        enough.Cancel();
        await coming.Within();
    }

    [Fact]
    public async Task On_a_terminal_it_is_a_table()
    {
        string path = TestFile.Written(Folder);
        using HolderProcess holder = new(path, "open read-write", "map shared", "directmap", "flock");

        ToolResult result = await ToolRun.OnTerminalAsync(120, hasColor: true, "leases", path);

        Assert.Contains("1 MiB shared read-write", result.Seen, StringComparison.Ordinal);
        Assert.Contains("read-write", result.Seen, StringComparison.Ordinal);
        Assert.Contains("has DirectMap loaded", result.Seen, StringComparison.Ordinal);
        Assert.Contains($"flock read, held by {holder.Id}", result.Seen, StringComparison.Ordinal);
        Assert.Contains("1 process has it mapped or open, of ", result.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_is_fine()
    {
        string path = TestFile.Written(Folder);

        ToolResult plain = await ToolRun.RunAsync("leases", path);
        ToolResult table = await ToolRun.OnTerminalAsync(100, hasColor: true, "leases", path);

        Assert.Equal((0, "0", ""), (plain.Code, plain.Fact("processes"), plain.Error));
        Assert.Contains("No process has it mapped or open", table.Seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_missing_is_3()
    {
        ToolResult result = await ToolRun.RunAsync("leases", Folder.File("missing"));

        Assert.Equal((3, ""), (result.Code, result.Output));
        Assert.Contains("(ENOENT)", result.ErrorLine, StringComparison.Ordinal);
    }

    private static async Task<JsonElement[]> ProcessesAsync(string path)
    {
        ToolResult result = await ToolRun.RunAsync("leases", "--json", path);
        Assert.Equal((0, ""), (result.Code, result.Error));
        return [.. JsonDocument.Parse(Assert.Single(result.Lines)).RootElement.GetProperty("processes").EnumerateArray()];
    }

    private static int? Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
