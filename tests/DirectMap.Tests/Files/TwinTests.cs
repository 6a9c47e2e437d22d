using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Files;

/// <summary>
/// Each operation on a real file system does what the plain system call does to a twin of the file: the same bytes, length,
/// extents and error numbers.
/// </summary>
public sealed class TwinTests(RealFileSystems fileSystems)
{
    private static readonly string[] s_sharing = [RealFileSystems.Xfs, RealFileSystems.Btrfs, RealFileSystems.BtrfsNoCow];

    public static TheoryData<string, string, string> Cases
    {
        get
        {
            TheoryData<string, string, string> cases = [];
            foreach (string fileSystem in RealFileSystems.All)
            {
                string[] states =
                [
                    TwinStates.Written,
                    TwinStates.Sparse,
                    TwinStates.SmallFile,
                    .. s_sharing.Contains(fileSystem) ? [TwinStates.Sharing] : Array.Empty<string>()
                ];
                foreach (string state in states)
                {
                    foreach (string operation in FileOperation.All.Keys)
                    {
                        cases.Add(fileSystem, state, operation);
                    }
                }
            }

            return cases;
        }
    }

    public static TheoryData<string, string, string> CasesAcross
    {
        get
        {
            (string From, string To)[] pairs =
            [
                (RealFileSystems.Ext4, RealFileSystems.Xfs),
                (RealFileSystems.Ext4, RealFileSystems.Ext4Journal),
                (RealFileSystems.Xfs, RealFileSystems.XfsWithoutReflink),
                (RealFileSystems.Tmpfs, RealFileSystems.Btrfs),
                (RealFileSystems.Overlay, RealFileSystems.Tmpfs),
            ];
            TheoryData<string, string, string> cases = [];
            foreach ((string from, string to) in pairs)
            {
                foreach (string operation in FileOperation.All.Where(pair => pair.Value.HasSource).Select(pair => pair.Key))
                {
                    cases.Add(from, to, operation);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_operation_does_to_the_file_what_the_system_call_does_to_its_twin(string fileSystem, string state, string operation)
    {
        // ext4 loses inline data when a range is inserted before it (seen with 6.18): both files show what was in the new block before.
        bool losesContent = (fileSystem, state, operation) == (RealFileSystems.Ext4Inline, TwinStates.SmallFile, "insert at the beginning");

        // ext4 moves inline data to a block before it looks at where and how much; the bytes stay.
        bool mayMoveInlineData = fileSystem == RealFileSystems.Ext4Inline && state == TwinStates.SmallFile
            && operation.Split(' ')[0] is "collapse" or "insert";
        await CommitLuck.Compare(fileSystem, async () =>
        {
            using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
            await Compare(
                directory,
                directory,
                state,
                FileOperation.All[operation],
                fileSystem.StartsWith(RealFileSystems.Btrfs, StringComparison.Ordinal),
                mayMoveInlineData,
                losesContent);
        });
    }

    [Theory]
    [MemberData(nameof(CasesAcross))]
    public async Task An_operation_with_a_source_on_another_file_system_does_what_the_system_call_does(
        string sourceFileSystem, string fileSystem, string operation)
    {
        await CommitLuck.Compare(fileSystem, async () =>
        {
            using TestDirectory sourceDirectory = fileSystems.NewDirectory(sourceFileSystem);
            using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
            await Compare(directory, sourceDirectory, TwinStates.Written, FileOperation.All[operation], fileSystem.StartsWith(
                RealFileSystems.Btrfs, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void A_clone_across_file_systems_is_EXDEV()
    {
        using TestDirectory from = fileSystems.NewDirectory(RealFileSystems.Ext4);
        using TestDirectory to = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile source = DirectFile.Create(from.File(), FileOperation.Page);
        using DirectFile file = DirectFile.Create(to.File(), FileOperation.Page);

        Assert.Equal(PlainCalls.EXDEV, Assert.Throws<IOException>(() => file.CloneFrom(source)).HResult);
        Assert.Equal(PlainCalls.EXDEV, Assert.Throws<IOException>(() => file.CloneFrom(source, 0, 0, FileOperation.Page)).HResult);
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.XfsWithoutReflink)]
    public void What_is_not_a_multiple_of_the_block_size_is_an_argument_error_where_blocks_are_moved(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using DirectFile file = DirectFile.Create(directory.File(), 16 * FileOperation.Page);

        Action[] refused =
        [
            () => file.CollapseRange(100, FileOperation.Page),
            () => file.CollapseRange(0, 100),
            () => file.CollapseRange(15 * FileOperation.Page, FileOperation.Page),
            () => file.InsertRange(100, FileOperation.Page),
            () => file.InsertRange(0, 100),
            () => file.InsertRange(16 * FileOperation.Page, FileOperation.Page),
        ];

        Assert.All(refused, call => Assert.Equal(PlainCalls.EINVAL, Assert.Throws<ArgumentException>(call).HResult));
        Assert.Equal(16 * FileOperation.Page, file.Length);
    }

    [Fact]
    public async Task What_the_library_refuses_itself_never_reaches_the_file()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile file = DirectFile.Create(directory.File(), 16 * FileOperation.Page);
        using SafeFileHandle seen = PlainCalls.Open(file.Path, PlainCalls.O_RDONLY);
        string before = TwinStates.Of(seen);
        (long Offset, long Length)[] bad = [(-1, 1), (0, 0), (0, -1), (1, long.MaxValue), (long.MaxValue, 1)];
        Func<long, long, FileOperation>[] ranged =
        [
            FileOperation.Allocate,
            FileOperation.AllocateKeepSize,
            FileOperation.PunchHole,
            FileOperation.ZeroRange,
            FileOperation.ZeroRangeKeepSize,
            FileOperation.CollapseRange,
            FileOperation.InsertRange,
            FileOperation.UnshareRange,
            (offset, length) => FileOperation.CloneRange(offset, 0, length),
            (offset, length) => FileOperation.CloneRange(0, offset, length),
            (offset, length) => FileOperation.CopyRange(offset, 0, length),
            (offset, length) => FileOperation.CopyRange(0, offset, length),
            (offset, length) => FileOperation.DedupeRange(offset, 0, length),
            (offset, length) => FileOperation.DedupeRange(0, offset, length),
        ];
        FileOperation[] refused =
        [
            FileOperation.Write(1, -1),
            FileOperation.Write(1, long.MaxValue),
            FileOperation.Gather(-1, 1),
            FileOperation.Gather(long.MaxValue, 1),
            FileOperation.SetLength(-1),
            .. from make in ranged from range in bad select make(range.Offset, range.Length),
        ];

        foreach (FileOperation operation in refused)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => operation.Call(file, file));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => operation.CallAsync(file, file));
        }

        Assert.Equal(before, TwinStates.Of(seen));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.Tmpfs)]
    public async Task Every_operation_on_a_file_that_was_opened_for_reading_only_is_EBADF(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using Pair files = new(directory.File("file"), directory.File("source"), TwinStates.Written, hasSource: true);
        using DirectFile file = DirectFile.Open(directory.File("file"), new DirectFileOptions { Access = FileAccess.Read });
        using DirectFile source = DirectFile.Open(directory.File("source"), new DirectFileOptions { Access = FileAccess.Read });
        string before = files.State;

        foreach (FileOperation operation in FileOperation.All.Values)
        {
            FileOperation.AssertAnswer(new(PlainCalls.EBADF), 0, Record.Exception(() => { operation.Call(file, source); }));
            FileOperation.AssertAnswer(new(PlainCalls.EBADF), 0, await Record.ExceptionAsync(() => operation.CallAsync(file, source)));
        }

        Assert.Equal(before, files.State);
    }

    private static async Task Compare(
        TestDirectory directory,
        TestDirectory sourceDirectory,
        string state,
        FileOperation operation,
        bool isBtrfs,
        bool mayMoveInlineData = false,
        bool losesContent = false)
    {
        using Pair twin = New("twin");
        using Pair subject = New("sync");
        using Pair asyncSubject = New("async");
        string before = StateOf(twin);
        Assert.Equal(before, StateOf(subject));
        Assert.Equal(before, StateOf(asyncSubject));

        PlainCalls.Answer plain = operation.Plain(twin.File, twin.Source);
        using (DirectFile file = DirectFile.Open(directory.File("sync")), source = subject.OpenSource(file))
        {
            operation.AnswersAs(file, source, plain);
            Assert.Equal(After(twin), After(subject));
        }

        using (DirectFile file = DirectFile.Open(directory.File("async")), source = asyncSubject.OpenSource(file))
        {
            await operation.AnswersAsyncAs(file, source, plain);
            Assert.Equal(After(twin), After(asyncSubject));
        }

        if (plain.Errno != 0 && !mayMoveInlineData)
        {
            Assert.Equal(before, StateOf(subject));
            Assert.Equal(before, StateOf(asyncSubject));
        }

        string After(Pair files) => losesContent ? TwinStates.WithoutContent(StateOf(files)) : StateOf(files);

        // btrfs moves a small file's data into metadata, or out of it, when it happens to write it back.
        string StateOf(Pair files) => isBtrfs ? files.State.Replace(" 0x300", " 0x0", StringComparison.Ordinal) : files.State;

        Pair New(string name) =>
            new(directory.File(name), sourceDirectory.File(name + ".source"), state, operation.HasSource || state == TwinStates.Sharing);
    }

    /// <summary>A file and its source, in a state.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly string _sourcePath;
        private readonly bool _hasSource;

        internal Pair(string path, string sourcePath, string state, bool hasSource)
        {
            _sourcePath = sourcePath;
            _hasSource = hasSource;
            File = PlainCalls.Open(path, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);
            Source = File;
            if (hasSource)
            {
                Source = PlainCalls.Open(sourcePath, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);
                TwinStates.MakeSource(Source);
            }

            TwinStates.Make(state, File, Source);
        }

        internal SafeFileHandle File { get; }

        internal SafeFileHandle Source { get; }

        internal string State => TwinStates.Of(File) + (_hasSource ? "; source " + TwinStates.Of(Source) : "");

        /// <summary>Through the library, for reading only; without a source it is another object on the file itself.</summary>
        internal DirectFile OpenSource(DirectFile file) =>
            DirectFile.Open(_hasSource ? _sourcePath : file.Path, new DirectFileOptions { Access = FileAccess.Read });

        public void Dispose()
        {
            Source.Dispose();
            File.Dispose();
        }
    }
}
