using DirectMap.Leases;
using DirectMap.Threading;

namespace DirectMap;

/// <content>The tables of the files: one for each that has leases or breaks.</content>
public sealed partial class LeaseCoordinator
{
    private LeaseTable TableOf(FileId file)
    {
        LeaseTable? table = _recent;
        if (table is null || table.File != file)
        {
            if (!_files.TryGetValue(file, out table))
            {
                table = AddTable(file);
            }

            _recent = table;
        }

        Services.At(LeaseStep.TableFound);
        return table;
    }

    private LeaseTable AddTable(FileId file)
    {
        LeaseTable added = new(Services, file);
        LeaseTable table = added;
        Uninterrupted.Run(_files, files => table = files.GetOrAdd(file, added));
        if (ReferenceEquals(table, added) && Interlocked.Increment(ref _tables) > Volatile.Read(ref _tablesToSweepAt))
        {
            Sweep();
        }

        return table;
    }

    /// <summary>
    /// Takes the tables of files that have nothing any more out of use. It happens each time the number of tables has doubled, so it costs
    /// each table a constant, and there are at most twice as many as were in use at the last time, or some.
    /// </summary>
    private void Sweep()
    {
        if (Interlocked.Exchange(ref _sweeping, 1) != 0)
        {
            return;
        }

        Retire();
        Volatile.Write(ref _tablesToSweepAt, Math.Max(MinTables, 2 * Volatile.Read(ref _tables)));
        Volatile.Write(ref _sweeping, 0);
    }

    private void Retire()
    {
        foreach (KeyValuePair<FileId, LeaseTable> file in _files)
        {
            if (file.Value.TryRetire())
            {
                bool isRemoved = false;
                Uninterrupted.Run(_files, files => isRemoved = files.TryRemove(file));
                Interlocked.Add(ref _tables, isRemoved ? -1 : 0);
            }
        }
    }
}
