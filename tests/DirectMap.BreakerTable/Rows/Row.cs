using DirectMap.BreakerTable.Others;

namespace DirectMap.BreakerTable.Rows;

/// <summary>One operation.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">What the page calls it.</param>
/// <param name="Kind">What it is to a holder.</param>
internal sealed record Row(string Name, string Title, RowKind Kind)
{
    /// <summary>What the native program calls it; null where it does not make it.</summary>
    internal string? Breaker { get; private init; }

    /// <summary>Who makes it.</summary>
    internal required Func<NativeBreaker, IActor> Actor { get; init; }

    /// <summary>Whether its first half is made between two leases, and not before the file is guarded.</summary>
    internal bool IsBetweenLeases { get; init; }

    /// <summary>Whether it is made a second time, after the first time was told.</summary>
    internal bool IsTwice { get; init; }

    internal bool NeedsRoot { get; init; }

    /// <summary>The only file system that has it; null for all.</summary>
    internal string? FileSystem { get; init; }

    /// <summary>Whether it can be made at a level: at NoWriters the holder writes nothing.</summary>
    internal bool IsOf(ProtectionLevel level) => level != ProtectionLevel.NoWriters || Kind != RowKind.Library;

    internal static Row Of(RowKind kind, string name, string title, string? breaker = null) => new(name, title, kind)
    {
        Breaker = breaker ?? name,
        Actor = process => new NativeActor(process, breaker ?? name, subject => subject.Path),
    };

    /// <summary>Of overlayfs only, on the file below.</summary>
    internal static Row Below(string name, string title, string breaker) => new(name, title, RowKind.Change)
    {
        Breaker = breaker,
        FileSystem = Ground.Overlay,
        Actor = process => new NativeActor(process, breaker, subject => MountPoint.Of(subject.Path).UpperFile(subject.Path)),
    };

    internal static Row Own(RowKind kind, string name, string title, Func<Subject, Action> prepare) =>
        new(name, title, kind) { Actor = _ => new OwnActor(prepare) };

    internal static Row Asking(string name, string title, Action<DirectFile, Subject> perform) =>
        new(name, title, RowKind.Asks) { Actor = _ => new AskingActor(perform) };

    internal static Row Library(string name, string title, Action<DirectFile, MappedRegion> perform) =>
        new(name, title, RowKind.Library) { Actor = _ => new LibraryActor(perform) };
}
