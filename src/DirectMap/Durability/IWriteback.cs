namespace DirectMap.Durability;

/// <summary>What writes a file's dirty pages, and makes nothing durable. Both return 0 or an error number.</summary>
internal interface IWriteback
{
    /// <summary>Begins to write what is dirty in a range, and waits for nothing but room in the device's queue.</summary>
    int TryBegin(FileRange range);

    /// <summary>Waits for what is being written in a range, and is told of failures as a sync is.</summary>
    int TryAwait(FileRange range);
}
