using System.Text.Json;
using DirectMap.Tool.Holders;
using DirectMap.Tool.Linux;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Rendering;

/// <summary>What is said of holders; names of processes may hold anything.</summary>
public sealed class HolderTableTests
{
    private const string Name = "\u001b[31m[red]";

    [Fact]
    public void Names_do_not_steer_a_terminal()
    {
        string table = Written(width: 100, asJson: false);
        string plain = Written(width: 0, asJson: false);

        Assert.Contains("\\x1b[31m[red] --now", new ToolResult(0, table, "").Seen, StringComparison.Ordinal);
        Assert.Contains("1 \\x1b[31m[red]", new ToolResult(0, table, "").Seen, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", table, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", plain, StringComparison.Ordinal);
        Assert.Contains("process 4711: uid unknown, \\x1b[31m[red], \\x1b[31m[red] --now", plain, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_names_some_of_those_who_may_not_be_looked_into_and_plain_output_all()
    {
        string table = string.Join(
            ' ', new ToolResult(0, Written(width: 100, asJson: false), "").Seen.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        ToolResult plain = new(0, Written(width: 0, asJson: false), "");

        Assert.Contains("20 processes could not be looked into (not permitted): 1 ", table, StringComparison.Ordinal);
        Assert.Contains("and 12 more (--plain names all)", table, StringComparison.Ordinal);
        Assert.Contains("processes of other users are hidden", table, StringComparison.Ordinal);
        Assert.Contains("only this pid namespace was looked at", table, StringComparison.Ordinal);
        Assert.Equal("20", plain.Fact("not-permitted"));
        Assert.Equal("uid unknown, \\x1b[31m[red]", plain.Fact("not-permitted 20"));
    }

    [Fact]
    public void Locks_say_who_has_them_and_who_took_them()
    {
        string[] locks =
        [
            .. new ToolResult(0, Written(width: 0, asJson: false), "").Lines
                .Where(line => line.StartsWith("lock: ", StringComparison.Ordinal)).Select(line => line["lock: ".Length..])
        ];

        Assert.Equal(
            [
                "flock write, held by 4711, 4712, taken by 4710",
                "flock write, waited for by 4713",
                "possibly record read, bytes 5 to the end, held by 4714",
                "open-file-description write, bytes 0 to 9, held by an unknown process",
                "lease none, being broken, held by 4711",
            ],
            locks);
    }

    [Fact]
    public void JSON_has_nothing_for_what_is_not_known()
    {
        JsonElement json = JsonDocument.Parse(Written(width: 0, asJson: true)).RootElement;

        Assert.Equal("8:1", json.GetProperty("device").GetString());
        JsonElement process = json.GetProperty("processes")[0];
        Assert.Equal((JsonValueKind.Null, Name), (process.GetProperty("uid").ValueKind, process.GetProperty("name").GetString()));
        JsonElement description = json.GetProperty("locks")[3];
        Assert.Equal(JsonValueKind.Null, description.GetProperty("pid").ValueKind);
        Assert.Equal((0, 9), (description.GetProperty("start").GetInt32(), description.GetProperty("end").GetInt32()));
        Assert.True(json.GetProperty("othersHidden").GetBoolean() && json.GetProperty("oneNamespaceOnly").GetBoolean());
    }

    private static string Written(int width, bool asJson)
    {
        using StringWriter output = new();
        HolderTable.Write(
            new ToolConsole { Out = output, Error = output, IsTerminal = width > 0, HasColor = true, Width = width }, Report(), asJson);
        return output.ToString();
    }

    private static HolderReport Report() => new()
    {
        Path = "data",
        Numbers = new InodeNumbers(8, 1, 14),
        Length = 4096,
        Holders =
        [
            new Holder
            {
                ProcessId = 4711,
                Name = Name,
                Command = $"{Name} --now",
                Mappings = [new MappingSum(MappingKind.Of("rw-s", isCertain: true), 1, 4096)],
                Descriptors = [new Descriptor(5, DescriptorAccess.Read, [])],
                Library = []
            },
        ],
        Locks =
        [
            Held(New(LockKind.Flock, LockAccess.Write, LockState.Held, 4710), isCertain: true, 4711, 4712),
            Held(New(LockKind.Flock, LockAccess.Write, LockState.Waiting, 4713), isCertain: true),
            Held(New(LockKind.Record, LockAccess.Read, LockState.Held, 4714) with { Start = 5 }, isCertain: false),
            Held(New(LockKind.OpenFileDescription, LockAccess.Write, LockState.Held, null) with { End = 9 }, isCertain: true),
            Held(New(LockKind.Lease, LockAccess.None, LockState.Breaking, 4711), isCertain: true, 4711),
        ],
        LookedInto = 3,
        NotPermitted = [.. Enumerable.Range(1, 20).Select(process => new ForbiddenProcess(process, null, Name))],
        AreOthersHidden = true,
        IsOneNamespaceOnly = true,
    };

    private static FileLock New(LockKind kind, LockAccess access, LockState state, int? process) =>
        new() { Kind = kind, Access = access, State = state, ProcessId = process };

    private static HeldLock Held(FileLock one, bool isCertain, params int[] holders) => new(one, holders) { IsCertain = isCertain };
}
