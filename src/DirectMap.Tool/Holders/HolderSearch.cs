namespace DirectMap.Tool.Holders;

/// <summary>Finds out who of this machine's processes has a file mapped or open, and changes nothing: the file is not opened.</summary>
internal static class HolderSearch
{
    /// <summary>The initial pid namespace's inode number, the same everywhere (PID_NS_INIT_INO).</summary>
    private const string InitialNamespace = "pid:[4026531836]";

    /// <exception cref="IOException">There is no such file, or no /proc; others as from <see cref="DirectFile.Open"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, between two processes.</exception>
    internal static HolderReport Find(string path, CancellationToken cancellationToken)
    {
        using SoughtFile file = SoughtFile.Open(path);
        if (ProcFile.TryList("/proc", out List<int> processes) != ProcAnswer.Seen || processes.Count == 0)
        {
            throw new IOException("/proc lists no processes, and there is nobody else to ask");
        }

        List<Holder> holders = [];
        List<ForbiddenProcess> notPermitted = [];
        int lookedInto = 0;
        foreach (int process in processes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ProcessFindings findings = ProcessLook.Into(file, process);
            lookedInto += findings.IsLookedInto ? 1 : 0;
            if (findings.Holder is { } holder)
            {
                holders.Add(holder);
            }

            if (findings.NotPermitted is { } forbidden)
            {
                notPermitted.Add(forbidden);
            }
        }

        return new HolderReport
        {
            Path = path,
            Numbers = file.Numbers,
            Length = file.Length,
            Holders = holders,
            Locks = LockTable.Of(file, holders, notPermitted.Select(process => process.ProcessId).ToHashSet().Contains),
            LookedInto = lookedInto,
            NotPermitted = notPermitted,
            AreOthersHidden = processes[0] != 1, // Every pid namespace has a process of that number.
            IsOneNamespaceOnly = new FileInfo("/proc/self/ns/pid").LinkTarget != InitialNamespace,
        };
    }
}
