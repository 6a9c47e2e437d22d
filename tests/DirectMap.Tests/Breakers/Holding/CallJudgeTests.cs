using DirectMap.Breakers;
using DirectMap.Linux;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>Which role each system call has, by its number and its arguments, and by what else is known.</summary>
public sealed class CallJudgeTests(ITestOutputHelper output)
{
    private const ulong O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_TRUNC = 0x200, O_APPEND = 0x400, O_NONBLOCK = 0x800;
    private const ulong PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
    private const ulong MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_SHARED_VALIDATE = 3, MAP_POPULATE = 0x8000;
    private const ulong FICLONE = 0x40049409, FICLONERANGE = 0x4020940D, FIDEDUPERANGE = 0xC0189436;
    private const int Own = 3, Other = 4; // descriptors of the caller: of the file, and of another one
    private const ulong Inode = 77;
    private const long Size = 1 << 20;

    private static readonly FileRange s_pages = new(8192, 4096);
    private static readonly FileRange s_toEnd = FileRange.From(8192);

    private const string Nothing = "";
    private static readonly string s_ringReads = Stack("io_read", "io_issue_sqe", "__do_sys_io_uring_enter");
    private static readonly string s_ringWrites = Stack("io_write", "io_issue_sqe", "__do_sys_io_uring_enter");
    private static readonly string s_aioReads = Stack("aio_read", "io_submit_one", "__x64_sys_io_submit");
    private static readonly string s_aioWrites = Stack("aio_write", "io_submit_one", "__x64_sys_io_submit");

    /// <summary>Calls by their names, with arguments, what they are to a file that shares blocks, and what they are said to do.</summary>
    private static Row[] Accesses() => [.. OfReadsWritesAndMappings(), .. OfWhatElseChanges(), .. OfCopiesAndRings()];

    private static Row[] OfReadsWritesAndMappings() =>
    [
        new("read", [3], CallRole.Harmless),
        new("pread64", [3], CallRole.Harmless),
        new("readv", [3], CallRole.Harmless),
        new("preadv", [3], CallRole.Harmless),
        new("preadv2", [3], CallRole.Harmless),
        new("execve", [], CallRole.Harmless),
        new("execveat", [], CallRole.Harmless),
        new("write", [3], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("pwrite64", [3], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("writev", [3], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("pwritev", [3], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("pwritev2", [3], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("pwritev2", [3, 0, 0, 0, 0, 0x8], CallRole.Changes, LayoutOperation.Write, s_pages) { Refuses = true },
        new("pwritev2", [3, 0, 0, 0, 0, 0x10], CallRole.Changes, LayoutOperation.Write, s_toEnd) { IsEndHeld = true },
        new("pwrite64", [3], CallRole.Changes, LayoutOperation.Write, s_pages) { IsEndHeld = true },
        new("write", [3], CallRole.Changes, LayoutOperation.Write, s_toEnd) { IsEndHeld = true, Flags = O_RDWR | O_APPEND },
        new("write", [3], CallRole.Changes, LayoutOperation.Write, s_pages) { Flags = O_RDWR | O_APPEND },
        new("write", [3], CallRole.Changes, LayoutOperation.Write, s_toEnd) { IsEndHeld = true, Flags = null },
        new("write", [3], CallRole.Harmless) { IsEmpty = true },
        new("mmap", [0, 4096, PROT_READ, MAP_PRIVATE, 3], CallRole.Harmless),
        new("mmap", [0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, 3], CallRole.Harmless),
        new("mmap", [0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_POPULATE, 3], CallRole.Harmless),
        new("mmap", [0, 4096, PROT_READ, MAP_SHARED, 3], CallRole.Harmless) { Flags = 0 },
        new("mmap", [0, 4096, PROT_READ, MAP_SHARED_VALIDATE, 3], CallRole.Harmless) { Flags = 0x8000 },
        new("mmap", [0, 4096, PROT_READ, MAP_SHARED, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages),
        new("mmap", [0, 4096, 0, MAP_SHARED, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages),
        new("mmap", [0, 4096, PROT_READ, MAP_SHARED, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages) { Flags = null },
        new("mmap", [0, 4096, PROT_READ, MAP_SHARED, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages) { Flags = O_WRONLY },
        new("mmap", [0, 4096, PROT_WRITE, MAP_SHARED, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages) { Flags = 0 },
        new("mmap", [0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages),
        new("mmap", [0, 4096, PROT_READ | PROT_WRITE, 0x82003, 3], CallRole.MapsWritable, LayoutOperation.MapWritable, s_pages), // MAP_SYNC
    ];

    private static Row[] OfWhatElseChanges() =>
    [
        new("truncate", [0, 100], CallRole.Changes, LayoutOperation.SetLength, FileRange.From(100)),
        new("ftruncate", [3, 2 * Size], CallRole.Changes, LayoutOperation.SetLength, FileRange.From(Size)),
        new("ftruncate", [3, ulong.MaxValue], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("fallocate", [3, 0], CallRole.Changes, LayoutOperation.Allocate, s_pages),
        new("fallocate", [3, 1], CallRole.Changes, LayoutOperation.Allocate, s_pages),
        new("fallocate", [3, 3], CallRole.Changes, LayoutOperation.PunchHole, s_pages),
        new("fallocate", [3, 8], CallRole.Changes, LayoutOperation.CollapseRange, s_toEnd),
        new("fallocate", [3, 16], CallRole.Changes, LayoutOperation.ZeroRange, s_pages),
        new("fallocate", [3, 17], CallRole.Changes, LayoutOperation.ZeroRange, s_pages),
        new("fallocate", [3, 32], CallRole.Changes, LayoutOperation.InsertRange, s_toEnd),
        new("fallocate", [3, 64], CallRole.Changes, LayoutOperation.UnshareRange, s_pages),
        new("fallocate", [3, 128], CallRole.Changes, LayoutOperation.Unidentified, s_toEnd),
        new("ioctl", [3, FICLONE, 4], CallRole.Changes, LayoutOperation.CloneRange, s_pages),
        new("ioctl", [3, FICLONE, 4], CallRole.Changes, LayoutOperation.CloneRange, FileRange.Whole) { IsEmpty = true },
        new("ioctl", [3, FICLONERANGE], CallRole.Changes, LayoutOperation.CloneRange, s_pages),
        new("ioctl", [4, FIDEDUPERANGE], CallRole.Changes, LayoutOperation.DedupeRange, s_pages),
        new("ioctl", [3, 0x40305829], CallRole.Changes, LayoutOperation.Unidentified, s_pages), // XFS_IOC_UNRESVSP64
        new("madvise", [0, 4096, 9], CallRole.Changes, LayoutOperation.PunchHole, s_pages),
        new("madvise", [0, 4096, 4], CallRole.Changes, LayoutOperation.Unidentified, s_pages),
    ];

    private static Row[] OfCopiesAndRings() =>
    [
        new("copy_file_range", [Other, 0, Own], CallRole.Changes, LayoutOperation.CopyRange, s_pages),
        new("copy_file_range", [Own, 0, Other], CallRole.Changes, LayoutOperation.CopyRange, s_pages),
        new("copy_file_range", [Own, 0, Other], CallRole.Harmless) { SharesBlocks = false },
        new("copy_file_range", [Own, 0, Own], CallRole.Changes, LayoutOperation.CopyRange, s_pages) { SharesBlocks = false },
        new("copy_file_range", [Own, 0, 99], CallRole.Changes, LayoutOperation.CopyRange, s_pages) { SharesBlocks = false },
        new("copy_file_range", [99, 0, Other], CallRole.Changes, LayoutOperation.CopyRange, s_pages) { SharesBlocks = false },
        new("sendfile", [Other, Own], CallRole.Harmless),
        new("sendfile", [Own, Other], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("sendfile", [99, Own], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("sendfile", [Own, Own], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("splice", [Own, 0, Other], CallRole.Harmless),
        new("splice", [Other, 0, Own], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("splice", [99, 0, 98], CallRole.Changes, LayoutOperation.Write, s_pages),
        new("io_submit", [], CallRole.Harmless) { Kernel = s_aioReads },
        new("io_submit", [], CallRole.Changes, LayoutOperation.Write, s_toEnd) { Kernel = s_aioWrites },
        new("io_submit", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages) { Kernel = Nothing },
        new("io_submit", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages) { Kernel = null },
        new("io_uring_enter", [], CallRole.Harmless) { Kernel = s_ringReads },
        new("io_uring_enter", [], CallRole.Changes, LayoutOperation.Write, s_toEnd) { Kernel = s_ringWrites },
        new("io_uring_enter", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages) { Kernel = Stack("io_fallocate") },
        new("io_uring_enter", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole) { Kernel = null, IsEmpty = true },
        new("io_uring_setup", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages) { Kernel = Stack("my_io_read", "io_read_prep") },
        new("open", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages), // Its event is another one.
        new("openat2", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages),
        new("creat", [], CallRole.Changes, LayoutOperation.Unidentified, s_pages),
    ];

    private static Row[] Openings() =>
    [
        new("open", [0, 0], CallRole.Harmless),
        new("open", [0, 0x88000], CallRole.Harmless), // O_CLOEXEC | O_LARGEFILE
        new("open", [0, O_WRONLY], CallRole.OpensForWriting),
        new("open", [0, 3], CallRole.OpensForWriting),
        new("open", [0, O_RDWR | O_CREAT], CallRole.OpensForWriting),
        new("open", [0, O_WRONLY | O_CREAT | O_TRUNC], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("open", [0, O_TRUNC], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("open", [0, O_TRUNC | O_NONBLOCK], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole) { Refuses = true },
        new("openat", [0, 0, 0], CallRole.Harmless),
        new("openat", [0, O_TRUNC, 0], CallRole.Harmless), // That is the path's address.
        new("openat", [0, 0, O_RDWR], CallRole.OpensForWriting),
        new("openat", [0, 0, O_RDWR | O_TRUNC], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("open_by_handle_at", [0, 0, 0], CallRole.Harmless),
        new("open_by_handle_at", [0, 0, O_WRONLY], CallRole.OpensForWriting),
        new("open_by_handle_at", [0, 0, O_WRONLY | O_TRUNC], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("creat", [], CallRole.Changes, LayoutOperation.SetLength, FileRange.Whole),
        new("openat2", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole),
        new("execve", [], CallRole.Harmless),
        new("execveat", [], CallRole.Harmless),
        new("io_uring_enter", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole) { Kernel = s_ringReads },
        new("io_uring_setup", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole),
        new("read", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole) { IsOfOtherAbi = true },
        new("preadv", [], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole) { IsOfOtherAbi = true }, // i386's openat, on x64
        new("mmap", [0, 0, 0, MAP_PRIVATE], CallRole.Changes, LayoutOperation.Unidentified, FileRange.Whole) { IsOfOtherAbi = true },
    ];

    /// <summary>It shows what its registers were when it was made, whatever it does.</summary>
    [Theory]
    [InlineData("io_write", nameof(CallRole.Changes))]
    [InlineData("io_fallocate", nameof(CallRole.Changes))]
    [InlineData("io_read", nameof(CallRole.Harmless))]
    public void A_worker_of_io_uring_is_judged_by_what_the_kernel_does_and_never_maps(string function, string role)
    {
        Evidence evidence = new() { Stack = Stack(function, "io_issue_sqe", "io_wq_submit_work", "io_wq_worker") };

        JudgedCall judged = CallJudge.Judge(Access(), new ThreadCall(ThreadCall.Nowhere, []), Traits(sharesBlocks: true), evidence);

        Assert.Equal((role, "io_uring_enter"), (judged.Role.ToString(), judged.Name));
    }

    [Fact]
    public void Each_call_has_its_role()
    {
        Assert.All(Accesses(), row => AssertRow(row, isOpening: false));
        Assert.All(Openings(), row => AssertRow(row, isOpening: true));
        HashSet<SystemCall> missing = [.. Enum.GetValues<SystemCall>().Where(SystemCallsByNumber.AreHere)];
        missing.ExceptWith(Accesses().Select(row => Enum.Parse<SystemCall>(row.Call)));
        missing.ExceptWith(Openings().Select(row => Enum.Parse<SystemCall>(row.Call)));
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData(ThreadCall.Running)]
    [InlineData(ThreadCall.Nowhere)]
    [InlineData(7)]
    [InlineData(100_000)]
    [InlineData(0x40000000)] // read of x32, which is not in the list
    [InlineData(int.MaxValue)]
    public void What_is_not_known_changes_the_file_and_maps_it(int number)
    {
        Evidence evidence = new() { Stack = null };
        JudgedCall judged = CallJudge.Judge(Access(), new ThreadCall(number, []), Traits(true), evidence);
        Assert.Equal((CallRole.MapsWritable, LayoutOperation.Unidentified, FileRange.Whole), (judged.Role, judged.Operation, judged.Range));

        JudgedCall opening = CallJudge.Judge(Access() with { IsOpening = true }, new ThreadCall(number, []), Traits(true), evidence);
        Assert.Equal((CallRole.Changes, FileRange.Whole), (opening.Role, opening.Range));

        // A worker of io_uring, whose line says nothing.
        JudgedCall excused = CallJudge.Judge(Access(), new ThreadCall(number, []), Traits(true), new Evidence { Stack = s_ringReads });
        Assert.Equal(CallRole.Harmless, excused.Role);
    }

    [Fact]
    public void No_32_bit_call_that_writes_or_opens_is_taken_for_a_harmless_one()
    {
        List<string> wrong = [];
        foreach ((string name, int number) in SystemCallsByNumber.ChangesOf32Bits)
        {
            // Arguments that excuse whatever the number is taken for.
            ulong[][] arguments =
            [
                [0, 0, 0, 0, 0, 0], [Own, 0, Other, MAP_PRIVATE, Own, 0], [Other, Own, 0, MAP_PRIVATE, Own, 0], [3, 3, 3, 2, 3, 3]
            ];
            foreach (ulong[] one in arguments)
            {
                foreach (bool isOpening in (bool[])[false, true])
                {
                    // What opens raises the event of openings, and no other.
                    if (isOpening != SystemCallsByNumber.Opens(name))
                    {
                        continue;
                    }

                    Evidence evidence = new() { Flags = 0, Stack = Stack("vfs_write", "ksys_write") };
                    CallRole role = CallJudge.Judge(
                        Access() with { IsOpening = isOpening }, new ThreadCall(number, one), Traits(false), evidence).Role;
                    if (role is CallRole.Harmless || (isOpening && role == CallRole.OpensForWriting))
                    {
                        wrong.Add($"{name} ({number}) is {role}");
                    }
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_is_harmless_that_the_list_of_what_reads_does_not_have()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        int harmless = 0;
        for (int round = 0; round < 200_000; round++)
        {
            int number = random.Next(4) switch
            {
                0 => random.Next(500),
                1 => 0x40000000 | random.Next(600),
                2 => random.Next(int.MinValue, int.MaxValue),
                _ => SystemCallsByNumber.Here[random.Next(SystemCallsByNumber.Here.Length)],
            };
            ulong[] arguments = [.. Enumerable.Range(0, 6).Select(_ => AnyArgument(random))];
            Evidence evidence = new()
            {
                Flags = random.Next(3) == 0 ? null : AnyArgument(random),
                Stack = random.Next(4) switch { 0 => null, 1 => s_ringReads, 2 => s_aioWrites, _ => Stack("ksys_write") },
            };
            bool isOpening = random.Next(4) == 0;
            bool sharesBlocks = random.Next(2) == 0;
            AskedAccess asked = new(isOpening, 1, random.Next(4) == 0 ? default : s_pages, Size) { IsEndHeld = random.Next(2) == 0 };
            ThreadCall call = new(number, arguments);

            JudgedCall judged = CallJudge.Judge(asked, call, Traits(sharesBlocks), evidence);

            bool mayBe = isOpening ? IsOpeningToRead(call) : IsReading(call, asked, evidence, sharesBlocks);
            Assert.True(
                judged.Role == CallRole.Harmless == mayBe,
                $"{call.Number} [{string.Join(' ', arguments)}] opening {isOpening}: {judged}");
            Assert.True(judged.Role != CallRole.Changes || judged.Range.Length > 0, $"{judged} touches nothing");
            harmless += mayBe ? 1 : 0;
        }

        Assert.InRange(harmless, 5_000, 150_000);
    }

    /// <summary>The list as the contract has it, and not as the code has.</summary>
    private static bool IsReading(ThreadCall call, AskedAccess asked, Evidence evidence, bool sharesBlocks)
    {
        bool isUnseen = !SystemCallsByNumber.TryGetName(call.Number, out string name);
        bool reads = evidence.Stack == s_ringReads || evidence.Stack == s_aioReads;
        return isUnseen ? reads : name switch
        {
            "read" or "pread64" or "readv" or "preadv" or "preadv2" or "execve" or "execveat" => true,
            "write" or "pwrite64" or "writev" or "pwritev" or "pwritev2" => asked.Range.Length == 0,
            "mmap" => call[3] % 16 == MAP_PRIVATE || (call[2] / 2 % 2 == 0 && evidence.Flags is { } flags && flags % 4 == 0),
            "copy_file_range" => !sharesBlocks && IsOfFile(call[0]) && IsOfOther(call[2]),
            "splice" => IsOfFile(call[0]) && IsOfOther(call[2]),
            "sendfile" => IsOfFile(call[1]) && IsOfOther(call[0]),
            "io_submit" or "io_uring_enter" or "io_uring_setup" => reads,
            _ => false,
        };
    }

    private static bool IsOpeningToRead(ThreadCall call) =>
        SystemCallsByNumber.TryGetName(call.Number, out string name) && name switch
        {
            "open" => call[1] % 4 == 0 && (call[1] & O_TRUNC) == 0,
            "openat" or "open_by_handle_at" => call[2] % 4 == 0 && (call[2] & O_TRUNC) == 0,
            "execve" or "execveat" => true,
            _ => false,
        };

    private static bool IsOfFile(ulong descriptor) => (int)descriptor == Own;

    private static bool IsOfOther(ulong descriptor) => (int)descriptor == Other;

    private static ulong AnyArgument(Random random) => random.Next(6) switch
    {
        0 => Own,
        1 => Other,
        2 => (ulong)random.Next(0x10000),
        3 => 1UL << random.Next(64),
        4 => (ulong)random.Next(20),
        _ => (ulong)random.NextInt64(),
    };

    private static void AssertRow(Row row, bool isOpening)
    {
        if (!SystemCallsByNumber.TryGetNumber(row.Call, out int number))
        {
            return; // This processor has no such call.
        }

        AskedAccess asked = new(isOpening, 1, row.IsEmpty || isOpening ? default : s_pages, Size) { IsEndHeld = row.IsEndHeld };
        Evidence evidence = new() { Flags = row.Flags, Stack = row.Kernel };

        JudgedCall judged = CallJudge.Judge(asked, new ThreadCall(number, row.Arguments), Traits(row.SharesBlocks), evidence);

        Assert.Equal(
            (row.Call, row.Role, row.Operation, row.Range, row.Refuses),
            (row.Call, judged.Role, judged.Operation, judged.Range, judged.Refuses));
        Assert.StartsWith(row.IsOfOtherAbi ? $"system call {number}" : row.Call, judged.Name, StringComparison.Ordinal);
    }

    private static AskedAccess Access() => new(false, 1, s_pages, Size);

    private static FileTraits Traits(bool sharesBlocks) => new(Inode, sharesBlocks);

    private static string Stack(params string[] functions) => string.Concat(functions.Select(one => $"[<0>] {one}+0x1a/0x2b0\n"));

    private sealed record Row(string Call, ulong[] Arguments, CallRole Role, LayoutOperation Operation = default, FileRange Range = default)
    {
        internal ulong? Flags { get; init; } = O_RDWR;

        internal string? Kernel { get; init; } = Nothing;

        internal bool SharesBlocks { get; init; } = true;

        internal bool IsEndHeld { get; init; }

        internal bool IsEmpty { get; init; }

        internal bool Refuses { get; init; }

        /// <summary>An event that this call does not raise, so that the number is another ABI's.</summary>
        internal bool IsOfOtherAbi { get; init; }
    }

    private sealed class Evidence : ICallEvidence
    {
        internal ulong? Flags { get; init; } = O_RDWR;

        public bool IsAlone { get; init; } = true;

        public string? Stack { get; init; }

        public int? FlagsOf(int descriptor) => (int?)Flags;

        public ulong? InodeOf(int descriptor) => descriptor switch { Own => Inode, Other => Inode + 1, _ => null };
    }
}
