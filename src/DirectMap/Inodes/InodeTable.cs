using System.Diagnostics;
using DirectMap.Durability;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// Every inode that the process has open through the library, found by its identity. Invariants, under the gate:
/// <list type="number">
/// <item>An inode is in the table while it has references, and only then. So there is one state for an identity, and what has none is never
/// found, nor given a reference again. Beside others references come and go without the gate; the first and the last one do not.</item>
/// <item>This copy of the library has taken all identities of what is in the table (<see cref="LibraryCopy"/>), and no others.</item>
/// <item>What an inode failed at is known here or by the inode, never by neither: it is forgotten here when the inode is in the
/// table, which an opening that is refused never comes to.</item>
/// <item>The two counts are of what is in the table, by backing.</item>
/// </list>
/// </summary>
internal static partial class InodeTable
{
    private static readonly UninterruptedLock s_gate = new();
    private static readonly Dictionary<FileId, Inode> s_inodes = [];
    private static readonly Dictionary<FileId, FileArbiter> s_closing = []; // whose parties are being let go

    private static readonly FailedInodes s_failed = new(FailedInodes.Capacity);

    private static int s_linux;
    private static int s_portable;

    /// <summary>What is open under an identity.</summary>
    internal static Inode? Find(FileId id)
    {
        using (s_gate.Enter())
        {
            return s_inodes.GetValueOrDefault(id);
        }
    }

    internal static void Release(Inode inode)
    {
        if (inode.TryReleaseBesideOthers())
        {
            return;
        }

        bool letsGo;
        using (s_gate.Enter())
        {
            AssertIsIn(inode);
            if (inode.ChangeReferences(-1) > 0)
            {
                return; // Somebody has taken one meanwhile.
            }

            s_inodes.Remove(inode.Id);
            letsGo = inode.Arbiter.BeginClose();
            if (letsGo)
            {
                s_closing[inode.Id] = inode.Arbiter;
            }

            LibraryCopy.LetGo(inode.Id);
            inode.OtherIds.ForEach(LibraryCopy.LetGo);
            CountOf(inode.Backing.Kind)--;
            AssertCounts();
            if (inode.Syncs.HasFailed && !inode.IsDeleted(out string? handle))
            {
                s_failed.Add(inode.Id, handle, inode.Syncs);
            }
        }

        inode.Close(); // Outside the gate: closing may have to wait for a server.
        if (letsGo)
        {
            ForgetClosed(inode);
        }
    }

    private static void ForgetClosed(Inode inode)
    {
        using (s_gate.Enter())
        {
            if (ReferenceEquals(s_closing.GetValueOrDefault(inode.Id), inode.Arbiter))
            {
                s_closing.Remove(inode.Id);
            }
        }
    }

    /// <summary>
    /// The state of an inode, with one more reference: to be given to an <see cref="InodeReference"/>, or back to <see cref="Release"/>.
    /// </summary>
    /// <param name="id">Its identity under <paramref name="backing"/>.</param>
    /// <param name="backing">What it is opened with.</param>
    /// <param name="binding">What it is opened under.</param>
    /// <param name="path">For messages.</param>
    /// <param name="findOther">What the process has of it open with the other backing; asked only while it has
    /// files open with that.</param>
    /// <param name="file">A description of it, O_PATH or not; null where it is known by its path only.</param>
    /// <param name="systemId">What the system calls it, where <paramref name="id"/> is another identity; null where nobody says.</param>
    /// <param name="taken">Is told before anybody else can look whether it is open.</param>
    /// <exception cref="InvalidOperationException">The inode is open with the other backing, through another copy of the library, or bound
    /// to another coordinator.</exception>
    internal static Inode AddReference(
        FileId id,
        FileBacking backing,
        FileBinding binding,
        string path,
        Func<Inode?> findOther,
        SafeFileHandle? file = null,
        FileId? systemId = null,
        Action<Inode>? taken = null)
    {
        using (s_gate.Enter())
        {
            ref int others = ref CountOf(backing.Kind == FileBackingKind.Linux ? FileBackingKind.Portable : FileBackingKind.Linux);
            if (others > 0 && findOther() is { } other)
            {
                throw new InvalidOperationException(
                    $"'{path}' is open in this process with the {other.Backing.Kind} backing under {other.Binding.Source}, so it "
                        + $"cannot be opened with the {backing.Kind} backing under {binding.Source} meanwhile: the two would "
                        + "arbitrate past each other.");
            }

            if (!s_inodes.TryGetValue(id, out Inode? inode))
            {
                LibraryCopy.Take(id, path);
                try
                {
                    inode = new Inode(id, backing, binding, s_failed.Find(id, file) ?? new SyncLedger());
                    TakeUnsynchronized(inode, systemId, path);
                }
                catch
                {
                    LibraryCopy.LetGo(id);
                    throw;
                }

                inode.Arbiter.Belong(inode, s_closing.GetValueOrDefault(id));
                s_inodes.Add(id, inode);
                s_failed.Remove(id);
                CountOf(backing.Kind)++;
                AssertCounts();
            }
            else if (!ReferenceEquals(inode.Coordinator, binding.Coordinator))
            {
                throw new InvalidOperationException(
                    $"'{path}' is open in this process under {inode.Binding.Source}, so it cannot be opened under {binding.Source} "
                        + "meanwhile: two lease coordinators on one file would arbitrate past each other.");
            }
            else
            {
                AssertIsIn(inode);
                TakeUnsynchronized(inode, systemId, path);
            }

            _ = inode.ChangeReferences(1);
            taken?.Invoke(inode);
            return inode;
        }
    }

    /// <summary>By its path a file stays the same when another one is put in its place; to the system it does not.</summary>
    private static void TakeUnsynchronized(Inode inode, FileId? systemId, string path)
    {
        if (systemId is { } other && !inode.OtherIds.Contains(other))
        {
            LibraryCopy.Take(other, path);
            inode.OtherIds.Add(other);
        }
    }

    [Conditional("DEBUG")]
    private static void AssertIsIn(Inode inode) =>
        Debug.Assert(
            inode.References > 0 && s_inodes.GetValueOrDefault(inode.Id) == inode, "1: an inode without references is used, or another");

    [Conditional("DEBUG")]
    private static void AssertCounts() =>
        Debug.Assert(s_linux >= 0 && s_portable >= 0 && s_linux + s_portable == s_inodes.Count, "4: inodes are counted wrongly");

    private static ref int CountOf(FileBackingKind kind) => ref kind == FileBackingKind.Linux ? ref s_linux : ref s_portable;
}
