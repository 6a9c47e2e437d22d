using System.Globalization;
using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>
/// Which role a system call plays for a file: a pure function of what is known. Only proof excuses: the number of a call that reads, the
/// arguments of one that may do either, and where those say nothing the kernel's own functions that it is in. Whatever is not proven counts
/// as a change; and as a mapping, too, where even its number says nothing.
/// </summary>
internal static class CallJudge
{
    private const ulong O_ACCMODE = 0x3;
    private const ulong O_TRUNC = 0x200;
    private const ulong O_APPEND = 0x400;
    private const ulong O_NONBLOCK = 0x800;
    private const ulong PROT_WRITE = 0x2;
    private const ulong MAP_TYPE = 0xF;
    private const ulong MAP_PRIVATE = 0x2;
    private const ulong MADV_REMOVE = 9;
    private const ulong RWF_NOWAIT = 0x8;
    private const uint FICLONE = 0x40049409;
    private const uint FICLONERANGE = 0x4020940D;
    private const uint FIDEDUPERANGE = 0xC0189436;

    /// <summary>Judges a call.</summary>
    /// <param name="asked">The event that it raised.</param>
    /// <param name="call">The call, as far as it is known.</param>
    /// <param name="file">The file.</param>
    /// <param name="evidence">What else is known, when it is asked.</param>
    internal static JudgedCall Judge(in AskedAccess asked, ThreadCall call, FileTraits file, ICallEvidence evidence)
    {
        SystemCall which = call.IsKnown ? SystemCallNumbers.Of(call.Number)
            : IsWorkerOfRing(call, evidence) ? SystemCall.io_uring_enter
            : SystemCall.Unknown;
        return asked.IsOpening ? JudgeOpening(which, call) : which switch
        {
            SystemCall.read or SystemCall.pread64 or SystemCall.readv or SystemCall.preadv or SystemCall.preadv2
                or SystemCall.execve or SystemCall.execveat => Harmless(which),
            SystemCall.write or SystemCall.pwrite64 or SystemCall.writev or SystemCall.pwritev or SystemCall.pwritev2 =>
                JudgeWrite(asked, which, call, evidence),
            SystemCall.mmap => JudgeMapping(asked, call, evidence),
            SystemCall.truncate or SystemCall.ftruncate =>
                Change(which, LayoutOperation.SetLength, FileRange.From(Math.Min(asked.Size, Length(call[1])))),
            SystemCall.fallocate => JudgeAllocation(asked, (Fallocate.FallocateMode)call[1]),
            SystemCall.ioctl => JudgeControl(asked, (uint)call[1]),
            SystemCall.madvise when call[2] == MADV_REMOVE => Change(which, LayoutOperation.PunchHole, asked.MostRange),
            SystemCall.copy_file_range => JudgeCopy(asked, which, IsSource(asked, (call[0], call[2]), file, evidence), file.SharesBlocks),
            SystemCall.splice => JudgeCopy(asked, which, IsSource(asked, (call[0], call[2]), file, evidence), sharesBlocks: false),
            SystemCall.sendfile => JudgeCopy(asked, which, IsSource(asked, (call[1], call[0]), file, evidence), sharesBlocks: false),
            SystemCall.io_submit or SystemCall.io_uring_enter or SystemCall.io_uring_setup =>
                JudgeByStack(asked, which.ToString(), evidence),
            SystemCall.Unknown => JudgeByStack(asked, NameOf(call), evidence, mayMap: true),
            _ => Unidentified(asked, which.ToString()),
        };
    }

    /// <summary>A thread of the kernel's that is in no system call, and can make no mapping.</summary>
    private static bool IsWorkerOfRing(ThreadCall call, ICallEvidence evidence) =>
        call.Number == ThreadCall.Nowhere && evidence.Stack is { } stack && Has(stack, "io_issue_sqe");

    private static JudgedCall JudgeOpening(SystemCall which, ThreadCall call) => which switch
    {
        SystemCall.open => JudgeOpening(which, call[1]),
        SystemCall.openat or SystemCall.open_by_handle_at => JudgeOpening(which, call[2]),
        SystemCall.execve or SystemCall.execveat => Harmless(which),
        SystemCall.creat => JudgeOpening(which, O_TRUNC),

        // The flags lie in the caller's memory, which another of its threads may change after they were looked at.
        SystemCall.openat2 => new JudgedCall(CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole, which.ToString()),
        SystemCall.io_uring_enter or SystemCall.io_uring_setup =>
            new JudgedCall(CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole, which.ToString()),

        // Of another ABI, where the number is another call's.
        _ => new JudgedCall(CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole, NameOf(call)),
    };

    private static JudgedCall JudgeOpening(SystemCall which, ulong flags) => flags switch
    {
        _ when (flags & O_TRUNC) != 0 => new JudgedCall(
            CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole, $"{which} with O_TRUNC", (flags & O_NONBLOCK) != 0),
        _ when (flags & O_ACCMODE) != 0 => new JudgedCall(CallRole.OpensForWriting, default, default, which.ToString()),
        _ => Harmless(which),
    };

    /// <summary>The event of a descriptor that appends tells of where the descriptor stands, not of the file's end.</summary>
    private static JudgedCall JudgeWrite(in AskedAccess asked, SystemCall which, ThreadCall call, ICallEvidence evidence)
    {
        if (asked.Range.Length == 0)
        {
            return Harmless(which); // Of no byte.
        }

        bool appends = asked.IsEndHeld && (which == SystemCall.pwritev2 // Its flags may say so, too.
            || evidence.FlagsOf((int)call[0]) is not { } flags || ((ulong)flags & O_APPEND) != 0 || !evidence.IsAlone);
        FileRange range = appends ? Hull(asked.Range, asked.BeyondEnd) : asked.Range;
        bool refuses = which == SystemCall.pwritev2 && (call[5] & RWF_NOWAIT) != 0;
        return Change(which, LayoutOperation.Write, range, refuses);
    }

    /// <summary>
    /// A shared mapping through a descriptor for writing may be made writable later, unheard (mprotect). Which descriptor it is can be told
    /// only where nobody has one for writing, or nobody can have exchanged it meanwhile.
    /// </summary>
    private static JudgedCall JudgeMapping(in AskedAccess asked, ThreadCall call, ICallEvidence evidence)
    {
        bool isPrivate = (call[3] & MAP_TYPE) == MAP_PRIVATE;
        bool isForReading = (call[2] & PROT_WRITE) == 0
            && (!asked.HasWriters || (evidence.FlagsOf((int)call[4]) is { } flags && ((ulong)flags & O_ACCMODE) == 0 && evidence.IsAlone));
        return isPrivate || isForReading
            ? Harmless(SystemCall.mmap)
            : new JudgedCall(CallRole.MapsWritable, LayoutOperation.MapWritable, asked.MostRange, nameof(SystemCall.mmap));
    }

    private static JudgedCall JudgeAllocation(in AskedAccess asked, Fallocate.FallocateMode mode)
    {
        LayoutOperation operation = (mode & ~Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE) switch
        {
            Fallocate.FallocateMode.FALLOC_FL_PUNCH_HOLE => LayoutOperation.PunchHole,
            Fallocate.FallocateMode.FALLOC_FL_COLLAPSE_RANGE => LayoutOperation.CollapseRange,
            Fallocate.FallocateMode.FALLOC_FL_INSERT_RANGE => LayoutOperation.InsertRange,
            Fallocate.FallocateMode.FALLOC_FL_ZERO_RANGE => LayoutOperation.ZeroRange,
            Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE => LayoutOperation.UnshareRange,
            Fallocate.FallocateMode.Allocate => LayoutOperation.Allocate,
            _ => LayoutOperation.Unidentified,
        };
        bool moves = operation is LayoutOperation.CollapseRange or LayoutOperation.InsertRange or LayoutOperation.Unidentified;
        return Change(SystemCall.fallocate, operation, moves ? FileRange.From(asked.MostRange.Offset) : asked.MostRange);
    }

    private static JudgedCall JudgeControl(in AskedAccess asked, uint request) => request switch
    {
        FICLONE => Control(asked, LayoutOperation.CloneRange, nameof(FICLONE)),
        FICLONERANGE => Control(asked, LayoutOperation.CloneRange, nameof(FICLONERANGE)),
        FIDEDUPERANGE => Control(asked, LayoutOperation.DedupeRange, nameof(FIDEDUPERANGE)),
        _ => Control(asked, LayoutOperation.Unidentified, string.Create(CultureInfo.InvariantCulture, $"0x{request:X}")),
    };

    private static JudgedCall Control(in AskedAccess asked, LayoutOperation operation, string request) =>
        new(CallRole.Changes, operation, asked.MostRange, $"ioctl {request}");

    private static JudgedCall JudgeCopy(in AskedAccess asked, SystemCall which, bool isSource, bool sharesBlocks) => isSource switch
    {
        true when sharesBlocks => Change(which, LayoutOperation.CopyRange, asked.MostRange) with { Name = $"{which} from it" },
        true => Harmless(which),
        _ => Change(which, which == SystemCall.copy_file_range ? LayoutOperation.CopyRange : LayoutOperation.Write, asked.MostRange),
    };

    /// <summary>Whether the file is read from and not written to, for certain: a target is open for writing.</summary>
    private static bool IsSource(in AskedAccess asked, (ulong From, ulong To) ends, FileTraits file, ICallEvidence evidence) =>
        !asked.HasWriters || (evidence.InodeOf((int)ends.To) is { } target && target != file.Inode
            && evidence.InodeOf((int)ends.From) == file.Inode && evidence.IsAlone);

    private static JudgedCall JudgeByStack(in AskedAccess asked, string name, ICallEvidence evidence, bool mayMap = false)
    {
        if (evidence.Stack is { } stack)
        {
            if (Has(stack, "io_write") || Has(stack, "aio_write"))
            {
                return new JudgedCall(CallRole.Changes, LayoutOperation.Write, Hull(asked.MostRange, asked.BeyondEnd), name);
            }

            if (Has(stack, "io_read") || Has(stack, "aio_read"))
            {
                return new JudgedCall(CallRole.Harmless, default, default, name);
            }
        }

        return mayMap
            ? new JudgedCall(CallRole.MapsWritable, LayoutOperation.Unidentified, FileRange.Whole, name)
            : Unidentified(asked, name);
    }

    /// <summary>A line of /proc/TID/stack is "[&lt;0&gt;] function+0x1a/0x2b0".</summary>
    private static bool Has(string stack, string function) => stack.Contains($" {function}+", StringComparison.Ordinal);

    private static JudgedCall Harmless(SystemCall which) => new(CallRole.Harmless, default, default, which.ToString());

    private static JudgedCall Change(SystemCall which, LayoutOperation operation, FileRange range, bool refuses = false) =>
        new(CallRole.Changes, operation, range, which.ToString(), refuses);

    /// <summary>It moves or allocates blocks, for all that is known.</summary>
    private static JudgedCall Unidentified(in AskedAccess asked, string name) =>
        new(CallRole.Changes, LayoutOperation.Unidentified, asked.Range.Length == 0 ? FileRange.Whole : asked.Range, name);

    private static string NameOf(ThreadCall call) =>
        call.IsKnown ? string.Create(CultureInfo.InvariantCulture, $"system call {call.Number}") : "an unknown system call";

    private static FileRange Hull(FileRange one, FileRange other) => FileRange.From(Math.Min(one.Offset, other.Offset));

    private static long Length(ulong argument) => argument > long.MaxValue ? 0 : (long)argument;
}
