using System.Globalization;
using System.Text.Json;
using DirectMap.Tool.Holders;

namespace DirectMap.Tool.Rendering;

/// <summary>What the facts of holders are called; the same in each form of output.</summary>
internal static class HolderWords
{
    internal static string Name(LockKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    internal static string Name(LockAccess access) => JsonNamingPolicy.CamelCase.ConvertName(access.ToString());

    internal static string Name(LockState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());

    internal static string Name(DescriptorAccess access) => JsonNamingPolicy.CamelCase.ConvertName(access.ToString());

    internal static string Access(MappingKind kind) => (kind.IsReadable, kind.IsWritable) switch
    {
        (true, true) => "readWrite",
        (true, false) => "read",
        (false, true) => "write",
        _ => "none",
    };

    /// <summary>For people: "shared read-write".</summary>
    internal static string Text(MappingKind kind) =>
        $"{(kind.IsCertain ? "" : "possibly ")}{(kind.IsShared ? "shared" : "private")} {Words.Key(Access(kind))}"
            + $"{(kind.IsExecutable ? " execute" : "")}";

    /// <summary>For people: "flock write, held by 4711".</summary>
    internal static string Text(HeldLock held)
    {
        FileLock one = held.Lock;
        string what = one is { Start: 0, End: null } ? "" : Number($", bytes {one.Start} to {(one.End is { } end ? end : "the end")}");
        string state = one.State switch
        {
            LockState.Waiting => ", waited for by",
            LockState.Breaking => ", being broken, held by",
            _ => ", held by",
        };
        return $"{(held.IsCertain ? "" : "possibly ")}{Words.Key(Name(one.Kind))} {Name(one.Access)}{what}{state} {Who(held)}";
    }

    internal static string Count(int count, string singular, string plural) => Number($"{count} {(count == 1 ? singular : plural)}");

    internal static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Who has it now, and who took it where that is not the same.</summary>
    private static string Who(HeldLock held)
    {
        string now = string.Join(", ", held.Holders);
        return held.Lock.ProcessId is not { } taker ? (now.Length > 0 ? now : "an unknown process")
            : held.Holders.Count == 0 || held.Holders is [var only] && only == taker ? Number($"{taker}")
            : Number($"{now}, taken by {taker}");
    }
}
