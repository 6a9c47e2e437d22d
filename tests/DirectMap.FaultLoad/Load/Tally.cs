namespace DirectMap.FaultLoad.Load;

/// <summary>What has happened so far.</summary>
internal sealed class Tally
{
    private long _faults;
    private long _reports;
    private long _lostReports;
    private long _nullReferences;
    private long _collections;
    private long _maps;

    /// <summary>Pages that were lost: at least one signal each.</summary>
    internal long Faults => Volatile.Read(ref _faults);

    /// <summary>Exceptions that told of a lost page.</summary>
    internal long Reports => Volatile.Read(ref _reports);

    /// <summary>Accesses to a lost page that returned normally.</summary>
    internal long LostReports => Volatile.Read(ref _lostReports);

    internal long NullReferences => Volatile.Read(ref _nullReferences);

    internal long Collections => Volatile.Read(ref _collections);

    internal long Maps => Volatile.Read(ref _maps);

    internal void AddFaults(long count) => Interlocked.Add(ref _faults, count);

    internal void AddReport() => Interlocked.Increment(ref _reports);

    internal void AddLostReport() => Interlocked.Increment(ref _lostReports);

    internal void AddNullReferences(long count) => Interlocked.Add(ref _nullReferences, count);

    internal void AddCollection() => Interlocked.Increment(ref _collections);

    internal void AddMap() => Interlocked.Increment(ref _maps);
}
