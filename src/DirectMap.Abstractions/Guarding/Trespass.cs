using System.Globalization;
using System.Text;

namespace DirectMap;

/// <summary>A change of a file that did not ask the holders of its leases first, and was noticed afterwards.</summary>
/// <remarks>
/// One may stand for several changes: the kernel merges what waits to be told. Immutable, safe for any thread.
/// </remarks>
public sealed record Trespass
{
    /// <summary>The file's path as it was opened.</summary>
    public required string Path { get; init; }

    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>Who made the change.</summary>
    public required TrespassOrigin Origin { get; init; }

    /// <summary>The process id of who made the change, 1 or more, in this process's pid namespace; null where it is not known.</summary>
    /// <remarks>To a process without CAP_SYS_ADMIN the kernel tells no other's.</remarks>
    public int? ProcessId { get; init; }

    /// <summary>What that process is called (/proc/PID/comm); null where it is not known, or had ended by then.</summary>
    public string? ProcessName { get; init; }

    /// <summary>By what means it was noticed; <see cref="ProtectionEngine.None"/> where the file was found changed.</summary>
    public ProtectionEngine Engine { get; init; }

    /// <summary>When it was noticed; the change was made before.</summary>
    public required DateTimeOffset NoticedAt { get; init; }

    /// <summary>What was found changed, for people to read; null where it was only told that something was.</summary>
    public string? Detail { get; init; }

    /// <summary>Returns who changed the file, for messages.</summary>
    public override string ToString() => new StringBuilder()
        .Append('\'').Append(Path).Append("' was changed by ")
        .Append(Origin switch
        {
            TrespassOrigin.ThisProcess => "this process, past the library",
            TrespassOrigin.OtherProcess => "another process",
            _ => "this process or another one",
        })
        .Append(ProcessId is { } id && Origin == TrespassOrigin.OtherProcess
            ? string.Create(CultureInfo.InvariantCulture, $" ({id}{(ProcessName is null ? "" : $", {ProcessName}")})")
            : "")
        .Append(Detail is null ? "" : ": " + Detail)
        .ToString();
}
