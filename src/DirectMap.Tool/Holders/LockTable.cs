using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>The locks and kernel leases on a file.</summary>
internal static class LockTable
{
    /// <summary>
    /// What /proc/locks has, and what was seen at descriptors. Where the kernel's numbers may be another file's, what was not seen at a
    /// descriptor is not certain.
    /// </summary>
    /// <param name="file">Which file.</param>
    /// <param name="holders">Who has it.</param>
    /// <param name="isUnseen">Whether a process was not looked into.</param>
    internal static IReadOnlyList<HeldLock> Of(SoughtFile file, IReadOnlyList<Holder> holders, Func<int, bool> isUnseen)
    {
        Dictionary<FileLock, List<int>> seen = [];
        foreach (Holder holder in holders)
        {
            foreach (FileLock one in holder.Descriptors.SelectMany(descriptor => descriptor.Locks).Distinct())
            {
                if (!seen.TryGetValue(one, out List<int>? at))
                {
                    seen.Add(one, at = []);
                }

                at.Add(holder.ProcessId);
            }
        }

        return [.. Listed(File.ReadLines("/proc/locks"), file.KernelNumbers).Concat(seen.Keys).Distinct()
            .Select(one => new HeldLock(one, seen.GetValueOrDefault(one) ?? [])
            {
                IsCertain = file.AreKernelNumbersUnique || seen.ContainsKey(one)
            })
            .Where(held => held.IsCertain || !IsElsewhere(held.Lock))];

        // A description may have come to a process that was not looked into; a record lock stays with the process that took it.
        bool IsElsewhere(FileLock one) => one is { Kind: LockKind.Record, State: LockState.Held, ProcessId: { } taker } && !isUnseen(taker);
    }

    /// <summary>The locks on a file. Who waits for one stands below it, and where it waits for a lease without the file.</summary>
    internal static IEnumerable<FileLock> Listed(IEnumerable<string> lines, InodeNumbers file)
    {
        bool isBelow = false;
        foreach (string line in lines)
        {
            if (!FileLock.TryParse(line, out FileLock? found, out InodeNumbers numbers, out bool isWaiting))
            {
                continue;
            }

            isBelow = isWaiting ? isBelow : numbers == file;
            if (isBelow)
            {
                yield return found;
            }
        }
    }
}
