using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>
/// Checks at access trust what they saw as long as the count of layout changes stays.
/// So every operation counts, whatever becomes of it, and before anybody else has the right to the file.
/// </summary>
public abstract class LayoutCountTests(FileBackingKind backing) : FileTest(backing)
{
    private const string Succeeds = "succeeds", Fails = "fails", Throws = "throws";

    private const int EIO = 5;

    private static readonly Exception s_fromWithin = new InvalidTimeZoneException("from within"); // one that nobody else throws

    public static TheoryData<string, bool, string> Cases =>
    [
        .. from member in ChangingMember.All.Keys
            from isAsync in (bool[])[false, true]
            from outcome in (string[])[Succeeds, Fails, Throws]
            select (member, isAsync, outcome),
    ];

    public static TheoryData<string, bool> Members => OperationErrorTests.Members;

    public static TheoryData<string, bool> Partial =>
    [
        .. from member in ChangingMember.All.Keys
            where member.StartsWith("Write", StringComparison.Ordinal) || member.StartsWith("Copy", StringComparison.Ordinal)
            from isAsync in (bool[])[false, true]
            select (member, isAsync),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_operation_counts_once_whatever_becomes_of_it_and_before_others_come(string name, bool isAsync, string outcome)
    {
        RightsLog rights = new(Coordinator, id => InodeTable.Find(id)!.LayoutGeneration);
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options with { Coordinator = rights });
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options with { Coordinator = rights });
        file.Inode.LayoutChanged(); // So that the two have different counts.
        long before = file.Inode.LayoutGeneration;
        long sourceBefore = source.Inode.LayoutGeneration;
        bool hasSource = ChangingMember.All[name].Operation.HasSource;
        file.Backing.Before = call => End(outcome, call);
        rights.GivenBack.Clear();

        AssertIs(outcome, await Record.ExceptionAsync(() => ChangingMember.All[name].Operation.Make(file.File, source.File, isAsync)));

        Assert.Equal(before + 1, file.Inode.LayoutGeneration);
        Assert.Equal(sourceBefore + (hasSource ? 1 : 0), source.Inode.LayoutGeneration);
        HashSet<(FileId, long)> expected = [(file.File.Id, before + 1)];
        if (hasSource)
        {
            expected.Add((source.File.Id, sourceBefore + 1));
        }

        Assert.Equal(expected, rights.GivenBack.ToHashSet());
        Assert.Equal(expected.Count, rights.GivenBack.Count);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Whoever_waits_for_the_right_finds_the_operation_counted(string name, bool isAsync, string outcome)
    {
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options);
        using DirectFile other = file.OpenAnother();
        long before = file.Inode.LayoutGeneration;
        using ParkedThread operation = new(park =>
        {
            file.Backing.Before = call =>
            {
                park();
                return End(outcome, call);
            };
            ChangingMember.All[name].Operation.Make(file.File, source.File, isAsync).GetAwaiter().GetResult();
        });
        Task<long> waiter = Task.Factory.StartNew(
            () =>
            {
                using ILayoutRight right = other.BreakLayout(FileRange.Whole);
                return file.Inode.LayoutGeneration;
            },
            TaskCreationOptions.LongRunning);
        Soon.Until(() => Coordinator.Snapshot(file.File.Id).Breakers.Any(breaker => !breaker.IsRunning), "the second breaker waits");
        Assert.Equal(before, file.Inode.LayoutGeneration);

        AssertIs(outcome, operation.Finish());

        Assert.Equal(before + 1, await waiter.Within());
    }

    [Theory]
    [MemberData(nameof(Members))]
    public async Task An_operation_whose_file_was_disposed_while_it_waited_counts(string name, bool isAsync)
    {
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options);
        long before = file.Inode.LayoutGeneration;
        file.Backing.Before = call => throw new InvalidOperationException($"{call} was made");
        Task<long> operation;
        BreakRequest first = new()
        {
            File = file.File.Id,
            Owner = this,
            Operation = LayoutOperation.Allocate,
            Range = FileRange.Whole,
            Breaker = "the test",
        };
        using (Coordinator.Break(first))
        {
            operation = Task.Factory.StartNew(
                () => ChangingMember.All[name].Operation.Make(file.File, source.File, isAsync), TaskCreationOptions.LongRunning).Unwrap();
            Soon.Until(() => Coordinator.Snapshot(file.File.Id).Breakers.Any(breaker => !breaker.IsRunning), "the operation waits");
            file.File.Dispose();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(() => operation.Within());

        Assert.Equal(before + 1, file.Inode.LayoutGeneration);
    }

    [Theory]
    [MemberData(nameof(Partial))]
    public async Task What_was_done_in_part_counts(string name, bool isAsync)
    {
        ChangingMember member = ChangingMember.All[name];
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options);
        source.File.Write(Enumerable.Repeat((byte)7, 100).ToArray(), 0);
        byte[] bytes = new byte[100];
        long before = file.Inode.LayoutGeneration;
        file.Backing.DoesHalf = true;
        file.Backing.Before = _ => PlainCalls.ENOSPC;

        IOException full = await Assert.ThrowsAsync<IOException>(() => member.Operation.Make(file.File, source.File, isAsync));

        Assert.Equal(PlainCalls.ENOSPC, full.HResult);
        Assert.Equal(before + 1, file.Inode.LayoutGeneration);
        file.File.Read(bytes, member.Touched.Offset);
        Assert.NotEqual(0, bytes.Max()); // The first half is there.
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_write_that_a_full_device_ends_halfway_counts(bool isAsync)
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 256);
        using DirectFile file = DirectFile.Create(Path.Combine(tiny.Path, "file"), 64 << 10, Options);
        Inode inode = InodeTable.Find(file.Id)!;
        long before = inode.LayoutGeneration;

        FileOperation write = FileOperation.Write(5 * PageSize, (64 << 10) - PageSize);
        using DirectFile rest = DirectFile.Create(Path.Combine(tiny.Path, "rest"), (192 << 10) - (2 * PageSize), Options);
        IOException full = await Assert.ThrowsAsync<IOException>(() => write.Make(file, file, isAsync));

        Assert.Equal(PlainCalls.ENOSPC, full.HResult);
        Assert.NotEqual(64 << 10, file.Length); // It has grown by what was written.
        Assert.Equal(before + 1, inode.LayoutGeneration);
    }

    [Fact]
    public void An_operation_within_one_file_counts_once()
    {
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using DirectFile same = file.OpenAnother();
        file.Backing.Before = _ => 0;
        long before = file.Inode.LayoutGeneration;

        file.File.CloneFrom(file.File, 0, 4 * PageSize, PageSize);
        file.File.DedupeFrom(same, 0, 4 * PageSize, PageSize);

        Assert.Equal(before + 2, file.Inode.LayoutGeneration);
    }

    [Theory]
    [MemberData(nameof(Members))]
    public async Task An_operation_under_a_right_that_is_held_counts_and_so_does_giving_that_back(string name, bool isAsync)
    {
        RightsLog rights = new(Coordinator, id => InodeTable.Find(id)!.LayoutGeneration);
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options with { Coordinator = rights });
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options with { Coordinator = rights });
        file.Backing.Before = call => End(Fails, call);
        long before = file.Inode.LayoutGeneration;
        ILayoutRight right = file.File.BreakLayout(FileRange.Whole);

        AssertIs(Fails, await Record.ExceptionAsync(() => ChangingMember.All[name].Operation.Make(file.File, source.File, isAsync)));
        Assert.Equal(before + 1, file.Inode.LayoutGeneration);
        rights.GivenBack.Clear();
        right.Dispose();

        Assert.Equal([(file.File.Id, before + 2)], rights.GivenBack);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_write_that_threw_checks_at_access_judge_anew(bool isAsync)
    {
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        CountingPolicy policy = new();
        using MappedRegion region = file.File.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess, FaultPolicy = policy });
        region.Write(0, 1L);
        int judged = policy.Count;
        region.Write(0, 2L);
        Assert.SkipWhen(policy.Count > judged, "the file system of the temp folder moves blocks, so nothing is remembered");
        file.Backing.Before = call => End(Throws, call);

        AssertIs(Throws, await Record.ExceptionAsync(() => ChangingMember.All.First().Value.Operation.Make(file.File, file.File, isAsync)));
        region.Write(0, 3L);

        Assert.NotEqual(judged, policy.Count);
    }

    /// <summary>A store makes its block ready by the calls of Prepare, and some of them may have been made when one fails.</summary>
    [Theory]
    [InlineData(Fails)]
    [InlineData(Throws)]
    public void A_store_whose_block_could_not_be_made_ready_counts_before_others_come(string outcome)
    {
        RightsLog rights = new(Coordinator, id => InodeTable.Find(id)!.LayoutGeneration);
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options with { Coordinator = rights });
        using MappedRegion region = file.File.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        long before = file.Inode.LayoutGeneration;
        file.Backing.Before = call => call == nameof(OpenedFile.TryPopulate) ? End(outcome, call) : null;
        rights.GivenBack.Clear();

        Exception? thrown = Record.Exception(() => region.Write(ChangingMember.Length - 8, 1L));

        AssertIs(outcome, outcome == Fails ? Assert.IsType<MappingFaultException>(thrown).InnerException : thrown);
        Assert.Equal([(file.File.Id, before + 1)], rights.GivenBack);
    }

    /// <summary>What a call is answered. Prepare looks at what has come of its calls: for success they have to be made.</summary>
    private static int? End(string outcome, string call) => outcome switch
    {
        Succeeds => call is nameof(OpenedFile.TryAllocate) or nameof(OpenedFile.TryPopulate) ? null : 0,
        Fails => EIO,
        _ => throw s_fromWithin,
    };

    private static void AssertIs(string outcome, Exception? thrown)
    {
        switch (outcome)
        {
            case Succeeds:
                Assert.True(thrown is null or NotSupportedException { HResult: PlainCalls.EOPNOTSUPP }, $"{thrown}");
                break;
            case Fails:
                Assert.Equal(EIO, Assert.IsType<IOException>(thrown).HResult);
                break;
            default:
                Assert.Same(s_fromWithin, thrown);
                break;
        }
    }

    private sealed class CountingPolicy : IFaultPolicy
    {
        internal int Count { get; private set; }

        public PolicyDecision EvaluateFile(in FileFacts backing) => PolicyDecision.Allow;

        public PolicyDecision EvaluateExtent(in FileFacts backing, in Extent extent, MappingAccess access)
        {
            Count++;
            return PolicyDecision.Allow;
        }
    }
}
