using DirectMap.Leases;

namespace DirectMap;

/// <content>For tests only: where its threads are, and what it keeps.</content>
public sealed partial class LeaseCoordinator
{
    /// <summary>
    /// Called at each <see cref="LeaseStep"/> by whichever thread comes there; a test stops it there. The task is what it is about to wait
    /// for.
    /// </summary>
    internal Action<LeaseStep, Task?>? AtStep
    {
        get => Services.AtStep;
        set => Services.AtStep = value;
    }

    /// <summary>The deadlines of its breaks.</summary>
    internal Deadlines Deadlines => Services.Deadlines;

    /// <summary>How many files have leases, breakers or waiting requests.</summary>
    internal int FileCount => _files.Count(file => file.Value.IsInUse);

    /// <summary>How many tables of files are kept.</summary>
    internal int TableCount => _files.Count;

    /// <summary>How many exclusive leases a file's table counts.</summary>
    internal int ExclusiveLeasesOf(FileId file) => _files.TryGetValue(file, out LeaseTable? table) ? table.ExclusiveLeases : 0;

    /// <summary>What happens by itself when there are many tables.</summary>
    internal void RetireEmptyTables() => Retire();
}
