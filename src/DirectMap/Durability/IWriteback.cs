namespace DirectMap.Durability;

/// <summary>What writes a file's dirty pages, and makes nothing durable. All return 0 or an error number.</summary>
internal interface IWriteback
{
    /// <summary>Begins to write what is dirty in a range, and waits for nothing but room in the device's queue.</summary>
    int TryBegin(FileRange range);

    /// <summary>Waits for what is being written in a range, and is told of failures as a sync is.</summary>
    int TryAwait(FileRange range);

    /// <summary>
    /// Waits with an open file description that nobody syncs with, and so takes nobody's report: what it is told, whoever syncs next is
    /// told, too.
    /// </summary>
    /// <returns>EBADF where there is none.</returns>
    int TryAwaitApart(FileRange range);
}
