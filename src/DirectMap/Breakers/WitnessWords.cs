using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>What a watched file is protected from, in words.</summary>
internal static class WitnessWords
{
    private const string Common =
        "a change that did not ask is noticed afterwards, and nobody is made to wait; stores through mappings of others, writes by libaio, "
            + "deduplication and movers of blocks are not noticed";

    /// <summary>Of a file that is armed.</summary>
    internal static Protection Armed(ProtectionEngine engine, int fanotify) => engine == ProtectionEngine.Fanotify
        ? new Protection(
            ProtectionLevel.Watched,
            $"{Common}; nor is a change by this process past the library while an operation of the library on the file is in flight")
        {
            Engine = engine
        }
        : new Protection(
            ProtectionLevel.Watched,
            $"{Common}; whose a change was is not known, and one while an operation of the library on the file is in flight is noticed "
                + $"only by the file's length and block map, since there is no fanotify for it ({ErrnoNames.Of(fanotify)})")
        {
            Engine = engine
        };

    /// <summary>Of a file that cannot be watched.</summary>
    internal static Protection Unarmed(string why) =>
        new(ProtectionLevel.ThisProcess, $"{Inodes.FileArbiter.Unnoticed}: the file cannot be watched ({why})");

    /// <summary>Of a file that nobody holds.</summary>
    internal static Protection Unheld { get; } = new(
        ProtectionLevel.ThisProcess,
        $"{Inodes.FileArbiter.Unnoticed}: the file is watched while a lease on it is held, or a trespass would be heard");

    /// <summary>Of a file whose changes may have gone unnoticed.</summary>
    internal static Protection Lost(string why) => new(ProtectionLevel.ThisProcess, $"{Inodes.FileArbiter.Unnoticed}: {why}");
}
