using System.Runtime.CompilerServices;
using DirectMap.FaultMatrix.Causes;
using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.FaultMatrix.Child;

/// <summary>
/// One cell, in a process of its own. What it prints for the parent: lines with a prefix (see <see cref="CellLines"/>),
/// and what went wrong.
/// </summary>
internal static class Cell
{
    internal static int Run(Cause cause, Access access, How how, Site site)
    {
        try
        {
            RunAll(cause, access, how, site);
            ProcSelf.CollectGarbage();

            // Pages that were replaced have no file's name any more: the library's own counts tell of those.
            string held = $"mappings of the folder {ProcSelf.MappingsOf(site.Folder)}, descriptors {ProcSelf.DescriptorsOf(site.Folder)}, "
                + $"words {RegionMapping.Alive}, replaced ranges {ReplacedRanges.Count}, inodes {InodeTable.Count}";
            Check.Equal(
                "mappings of the folder 0, descriptors 0, words 0, replaced ranges 0, inodes 0",
                held,
                "what is held after everything was disposed");
            return ExitCode.Ok;
        }
        catch (Exception exception)
        {
            Console.WriteLine(exception is CellFailure ? exception.Message : exception.ToString());
            return ExitCode.Failed;
        }
    }

    internal static void Note(string text) => Console.WriteLine(CellLines.Note + text);

    /// <summary>Tells the parent that this process is to end at the next access; on the pipe before it does.</summary>
    internal static void ExpectEnd()
    {
        Console.WriteLine(CellLines.Ends);
        Console.Out.Flush();
    }

    // Not inlined, so that nothing of it is on the stack when garbage is collected.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunAll(Cause cause, Access access, How how, Site site)
    {
        // Both reaches with each kind of mapping; one is enough where a fault ends the process.
        (bool IsDirect, FaultReach Reach)[] variants = how == How.Handler
            ? [.. cause.Kinds.SelectMany(isDirect => Enum.GetValues<FaultReach>().Select(reach => (isDirect, reach)))]
            : [(cause.Kinds[^1], FaultReach.Region)];
        DirectFileOptions options = new()
        {
            Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(20) })
        };
        string[] paths = [.. variants.Select((_, i) => Path.Combine(site.Folder, $"file-{i}"))];
        cause.MakeFiles(cause is OwnStores ? [paths[0]] : paths, site);
        if (cause is OwnStores)
        {
            // Each fills the disk, so they come one after the other.
            foreach ((_, FaultReach reach) in variants)
            {
                new OwnStoresCell(access, paths[0], reach, site).Run(how, options);
                OwnStores.Clear(site);
                cause.MakeFiles([paths[0]], site);
            }

            return;
        }

        List<Subject> subjects = [];
        try
        {
            for (int i = 0; i < variants.Length; i++)
            {
                subjects.Add(new Subject(paths[i], variants[i].Reach, variants[i].IsDirect, how, options));
            }

            switch (cause)
            {
                case GoneCause gone:
                    GoneCell.Run(gone, access, how, subjects, site);
                    break;
                case PageCause lost when how == How.Handler:
                    new PageCell(lost, access, subjects, site).Run();
                    break;
                case PageCause lost:
                    EndingCell.Run(lost, access, how, subjects, site);
                    break;
            }
        }
        finally
        {
            subjects.ForEach(subject => subject.Dispose());
        }
    }
}
