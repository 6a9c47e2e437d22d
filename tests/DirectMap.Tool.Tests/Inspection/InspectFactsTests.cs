using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Inspection;

/// <summary>What inspect says equals what the library says and does, on each file system and for each state of a file.</summary>
public sealed class InspectFactsTests(RealFileSystems fileSystems)
{
    public static TheoryData<string, FileState> States
    {
        get
        {
            TheoryData<string, FileState> states = [];
            foreach (string fileSystem in RealFileSystems.All.Except([RealFileSystems.Overlay]))
            {
                foreach (FileState state in (FileState[])[
                    FileState.Written, FileState.Hole, FileState.Unwritten, FileState.HalfWritten, FileState.Small, FileState.HoleBeyond4GiB
                ])
                {
                    states.Add(fileSystem, state);
                }

                if (fileSystem is RealFileSystems.Xfs or RealFileSystems.Btrfs or RealFileSystems.BtrfsNoCow)
                {
                    states.Add(fileSystem, FileState.Shared);
                    states.Add(fileSystem, FileState.SharedInTheMiddle);
                }
            }

            return states;
        }
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task The_JSON_says_what_the_library_says(string fileSystem, FileState state)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File();
        FileStates.Make(state, path);
        using (DirectFile settled = DirectFile.Open(path))
        {
            settled.Flush(); // btrfs may otherwise move what is small between the two looks
        }

        JsonElement json = await ToolRun.JsonOfAsync(path);

        using DirectFile file = DirectFile.Open(path);
        using DirectFile reader = DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read });
        using MappedRegion ordinary = file.Map(MapOptions.Ordinary);
        Assert.Equal(path, json.GetProperty("path").GetString());
        Assert.Equal(file.Length, json.GetProperty("length").GetInt64());
        Assert.Equal(ordinary.Facts.BlockMapStability.ToString(), json.GetProperty("stability").GetString(), ignoreCase: true);
        Assert.Equal(ordinary.Facts.Durability.Value.ToString(), json.GetProperty("durability").GetString(), ignoreCase: true);
        Assert.Equal(!ordinary.Facts.IsEmulated, json.GetProperty("dax").GetBoolean());
        Assert.Equal(fileSystem.Split(' ')[0], json.GetProperty("fileSystem").GetString());
        Assert.Equal(
            fileSystem == RealFileSystems.BtrfsNoCow,
            json.GetProperty("attributes").EnumerateArray().Any(name => name.GetString() == "noCopyOnWrite"));
        AssertExtents(file, json);
        foreach ((string mode, MapOptions options) in ((string, MapOptions)[])[
            ("direct", MapOptions.Direct), ("directOrEmulated", MapOptions.DirectOrEmulated), ("frozenLayout", MapOptions.FrozenLayout)
        ])
        {
            JsonElement verdicts = json.GetProperty("verdicts").GetProperty(mode);
            Assert.Equal(Outcome(reader, options), Said(verdicts.GetProperty("reading")));
            Assert.Equal(Outcome(file, options), Said(verdicts.GetProperty("writing")));
        }
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    public async Task Fragments_are_as_filefrag_counts_them(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File();
        using (DirectFile file = DirectFile.Create(path, 64 << 10))
        using (DirectFile other = DirectFile.Create(directory.File("other"), 4096))
        {
            for (int i = 0; i < 20; i++)
            {
                file.PunchHole(i * 4096 % (64 << 10), 4096);
                other.Allocate((i + 1) * 4096, 4096, keepSize: true); // takes the place
                file.Allocate(i * 4096 % (64 << 10), 4096);
            }

            file.Flush();
        }

        JsonElement json = await ToolRun.JsonOfAsync(path);

        List<Extent> listed = Oracles.Filefrag(path);
        Assert.InRange(listed.Count, 2, int.MaxValue);
        int runs = 1 + listed.Zip(listed.Skip(1)).Count(pair =>
            pair.First.PhysicalOffset + pair.First.Length != pair.Second.PhysicalOffset || pair.First.End != pair.Second.Offset);
        Assert.Equal(runs, json.GetProperty("fragments").GetInt64());
    }

    [Fact]
    public async Task A_file_in_many_pieces_looks_so()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.BtrfsNoCow);
        FileStates.Make(FileState.Fragmented, directory.File());

        ToolResult plain = await ToolRun.RunAsync("inspect", directory.File());
        ToolResult seen = await ToolRun.OnTerminalAsync(100, hasColor: false, "inspect", directory.File());

        Assert.InRange(long.Parse(plain.Fact("fragments")), FileStates.FragmentCount / 2, long.MaxValue);
        Assert.InRange(plain.Fact("map").Count(letter => letter == 'F'), 32, 64);
        Assert.Contains("▓▓▓▓▓▓▓▓", seen.Output, StringComparison.Ordinal);
        Assert.Contains("▓ in many pieces", seen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_tmpfs_the_number_of_fragments_is_not_known()
    {
        Requires.DevShm();
        using TestDirectory directory = new("/dev/shm");

        JsonElement json = await ToolRun.JsonOfAsync(TestFile.Written(directory));

        Assert.Equal(JsonValueKind.Null, json.GetProperty("fragments").ValueKind);
        Assert.Equal("tmpfs", json.GetProperty("fileSystem").GetString());
        Assert.Equal("memory", json.GetProperty("durability").GetString());
    }

    [Fact]
    public async Task Nothing_of_a_file_changes_by_being_looked_at()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        string path = directory.File();
        using (DirectFile file = DirectFile.Create(path, 1 << 20))
        using (DirectFile other = DirectFile.Create(directory.File("other"), 8192))
        {
            // XFS now reserves copies for the neighbours of the one shared block, and a mapping for writing would have them given back.
            other.CloneFrom(file, 65536, 0, 4096);
            file.Write(new byte[4096], 65536);
            file.Flush();
        }

        string before = State(path);
        Assert.Equal(0, (await ToolRun.RunAsync("inspect", path)).Code);

        Assert.Equal(before, State(path));
        using DirectFile mapped = DirectFile.Open(path);
        mapped.Map(MapOptions.DirectOrEmulated).Dispose();
        Assert.NotEqual(before, State(path));

        static string State(string path)
        {
            Assert.Null(RealFileSystems.Run(out string stat, "stat", "-c", "%s %b %Y %Z %y %z %a %u", path));
            return stat + string.Join('\n', Oracles.Filefrag(path, sync: false))
                + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)));
        }
    }

    [Fact]
    public async Task On_overlayfs_a_file_of_a_lower_layer_is_not_copied_up_unless_asked_to()
    {
        using TestDirectory directory = new();
        using Requires.TinyFileSystem overlay = Requires.Overlay(directory, "file", new byte[8192]);
        string path = Path.Combine(overlay.Path, "file");
        string copy = Path.Combine(overlay.Below!.Path, "upper", "file");

        JsonElement json = await ToolRun.JsonOfAsync(path);

        Assert.False(File.Exists(copy));
        JsonElement writing = json.GetProperty("verdicts").GetProperty("directOrEmulated").GetProperty("writing");
        Assert.Equal("notTried", writing.GetProperty("result").GetString());
        Assert.Equal($"directmap inspect --copy-up {path}", writing.GetProperty("command").GetString());
        Assert.Equal(1, (await ToolRun.RunAsync("inspect", path)).Code);

        json = await ToolRun.JsonOfAsync(path, "--copy-up");
        Assert.True(File.Exists(copy));
        Assert.NotEqual(
            "notTried",
            json.GetProperty("verdicts").GetProperty("directOrEmulated").GetProperty("writing").GetProperty("result").GetString());
        Assert.Equal("unverified", json.GetProperty("stability").GetString());
    }

    private static void AssertExtents(DirectFile file, JsonElement json)
    {
        Dictionary<string, long> expected = json.GetProperty("extents").EnumerateObject().ToDictionary(kind => kind.Name, _ => 0L);
        Assert.Equal(["written", "unwritten", "hole", "shared", "delayed", "inline", "encoded", "badBlock", "other"], expected.Keys);
        foreach (Extent extent in file.GetExtents())
        {
            ExtentFlags flags = extent.Flags & ~ExtentFlags.Merged;
            string kind = flags switch
            {
                ExtentFlags.None => "written",
                _ when flags.HasFlag(ExtentFlags.Hole) => "hole",
                _ when flags.HasFlag(ExtentFlags.Shared) => "shared",
                _ when flags.HasFlag(ExtentFlags.Unwritten) => "unwritten",
                _ when flags.HasFlag(ExtentFlags.DataInline) => "inline",
                _ => flags.ToString(),
            };
            expected[kind] += Math.Min(extent.End, file.Length) - extent.Offset;
        }

        Assert.Equal(
            expected, json.GetProperty("extents").EnumerateObject().ToDictionary(kind => kind.Name, kind => kind.Value.GetInt64()));
        Assert.Equal(file.Length - expected["hole"], json.GetProperty("allocated").GetInt64());
    }

    private static (string Result, string? Reason) Outcome(DirectFile file, MapOptions options)
    {
        try
        {
            file.Map(options).Dispose();
            return ("mappable", null);
        }
        catch (MapRefusedException refused)
        {
            return ("refused", refused.Reason.ToString());
        }
    }

    private static (string Result, string? Reason) Said(JsonElement verdict) =>
        (verdict.GetProperty("result").GetString()!, verdict.GetProperty("reason").GetString());
}
