namespace DirectMap.Logs;

/// <summary>How a log is opened.</summary>
/// <param name="CutsDamage">Whether a log that has lost records is opened all the same, with what is left of it.</param>
/// <param name="Rewrites">Whether what may not be durable is stored once more, so that the kernel counts it as dirty.</param>
/// <param name="Id">The log that it has to be; null for any.</param>
internal readonly record struct LogOpening(bool CutsDamage = false, bool Rewrites = false, ulong? Id = null)
{
    internal void ThrowIfOther<TMemory>(LogHeader header, TMemory memory)
        where TMemory : struct, ILogMemory
    {
        long capacity = LogHeader.CapacityIn(memory.Length);
        if (header.Capacity != capacity)
        {
            throw new PersistentLogException(
                PersistentLogError.NotALog,
                memory.Place,
                $"the log that is there has an area of {header.Capacity} bytes, and in the range there is one of {capacity}",
                $"{nameof(PersistentLogOptions)}.{nameof(PersistentLogOptions.Range)} is the one with which it was made");
        }

        if (Id is not null && Id != header.Id)
        {
            throw new PersistentLogException(
                PersistentLogError.NotALog,
                memory.Place,
                "another log is there",
                $"{nameof(PersistentLog)}.{nameof(PersistentLog.Open)} opens that one");
        }
    }
}
