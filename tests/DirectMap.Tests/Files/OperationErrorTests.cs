using System.Reflection;
using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Files;

/// <summary>One error number is one exception, whatever the operation.</summary>
public abstract class OperationErrorTests(FileBackingKind backing) : FileTest(backing)
{
    private const int EIO = 5;

    public static TheoryData<string, bool> Members =>
        [.. from member in ChangingMember.All.Keys from isAsync in (bool[])[false, true] select (member, isAsync)];

    /// <summary>
    /// What every operation throws. EBADF is what the kernel may report: of a file that was opened for reading only the library says it
    /// before, and that is an UnauthorizedAccessException.
    /// </summary>
    private static readonly (int Errno, string Name, Type Exception)[] s_errors =
    [
        (PlainCalls.EINVAL, nameof(PlainCalls.EINVAL), typeof(ArgumentException)),
        (PlainCalls.ENOSPC, nameof(PlainCalls.ENOSPC), typeof(IOException)),
        (EIO, nameof(EIO), typeof(IOException)),
        (PlainCalls.EFBIG, nameof(PlainCalls.EFBIG), typeof(IOException)),
        (PlainCalls.EOPNOTSUPP, nameof(PlainCalls.EOPNOTSUPP), typeof(NotSupportedException)),
        (PlainCalls.ETXTBSY, nameof(PlainCalls.ETXTBSY), typeof(IOException)),
        (PlainCalls.EPERM, nameof(PlainCalls.EPERM), typeof(UnauthorizedAccessException)),
        (PlainCalls.EBADF, nameof(PlainCalls.EBADF), typeof(IOException)),
    ];

    /// <summary>What calls of <see cref="DirectFile.Prepare"/> do otherwise. Null: it does without that call.</summary>
    private static readonly Dictionary<(string Call, int Errno), Type?> s_exceptions = new()
    {
        [(nameof(OpenedFile.TryPopulate), PlainCalls.EINVAL)] = typeof(NotSupportedException), // Documented: the kernel is too old.
        [(nameof(OpenedFile.TryAllocate), PlainCalls.EOPNOTSUPP)] = null, // The page fault of a store allocates, too.
    };

    [Fact]
    public void An_offset_that_is_wrong_is_called_as_the_parameter_is()
    {
        using DirectFile file = Create();

        (string Name, Action Call)[] calls =
        [
            ("fileOffset", () => file.Read(new byte[1], -1)),
            ("fileOffset", () => file.Write(new byte[1], -1)),
            ("fileOffset", () => file.Write([new byte[1], new byte[1]], -1)),
            ("offset", () => file.Allocate(-1, 1)),
            ("offset", () => file.Allocate(long.MaxValue, 1, keepSize: true)),
            ("length", () => file.ZeroRange(0, 0, keepSize: true)),
            ("sourceOffset", () => file.CloneFrom(file, -1, 0, 1)),
            ("offset", () => file.CopyFrom(file, 0, -1, 1)),
        ];

        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentOutOfRangeException>(call.Call).ParamName));
    }

    [Fact]
    public void Every_public_member_is_in_the_table_or_changes_nothing()
    {
        IEnumerable<string> members = ChangingMember.All.Keys;
        IEnumerable<string> expected = members.Concat(members.Select(ChangingMember.AsyncOf)).Concat(ChangingMember.Others);

        const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        IEnumerable<string> there = typeof(DirectFile).GetMethods(Public)
            .Where(static method => !method.IsSpecialName)
            .Select(ChangingMember.Signature);

        Assert.Equal(expected.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Members))]
    public async Task An_error_number_is_the_same_exception_for_every_operation_and_has_path_range_and_name(string name, bool isAsync)
    {
        ChangingMember member = ChangingMember.All[name];
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using ScriptedFile source = new(Folder.File("source"), ChangingMember.Length, Options);
        foreach ((int errno, string errnoName, Type exception) in s_errors)
        {
            file.Backing.Before = _ => errno;

            Exception? thrown = await Record.ExceptionAsync(() => member.Operation.Make(file.File, source.File, isAsync));

            Assert.Equal((errnoName, exception), (errnoName, thrown?.GetType()));
            Assert.Equal(errno, thrown!.HResult);
            Assert.Contains($"'{file.File.Path}'", thrown.Message, StringComparison.Ordinal);
            Assert.Contains($"bytes {member.Touched}", thrown.Message, StringComparison.Ordinal);
            Assert.Contains($"({errnoName})", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_call_of_Prepare_fails_as_every_operation_does_or_as_documented(bool isAsync)
    {
        ChangingMember member = ChangingMember.All["Prepare(PrepareOptions, CancellationToken)"];
        foreach (string call in (string[])[nameof(OpenedFile.TryAllocate), nameof(OpenedFile.TryPopulate)])
        {
            foreach ((int errno, string errnoName, Type exception) in s_errors)
            {
                using ScriptedFile file = new(Folder.File($"{call} {errnoName}"), ChangingMember.Length, Options);
                file.Backing.Before = made => made == call ? errno : null;

                Exception? thrown = await Record.ExceptionAsync(() => member.Operation.Make(file.File, file.File, isAsync));

                Type? expected = s_exceptions.GetValueOrDefault((call, errno), exception);
                Assert.Equal((call, errnoName, expected), (call, errnoName, thrown?.GetType()));
                if (thrown is not null)
                {
                    Assert.Equal(errno, thrown.HResult);
                    Assert.Contains($"'{file.File.Path}', bytes {member.Touched}", thrown.Message, StringComparison.Ordinal);
                    Assert.Contains($"({errnoName})", thrown.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Members))]
    public async Task A_file_that_was_opened_for_reading_only_is_the_same_exception_for_every_operation(string name, bool isAsync)
    {
        using ScriptedFile file = new(Folder.File("file"), ChangingMember.Length, Options);
        using DirectFile readOnly = DirectFile.Open(file.File.Path, Options with { Access = FileAccess.Read });
        file.Backing.Before = call => throw new InvalidOperationException($"{call} was made");

        Exception? thrown = await Record.ExceptionAsync(() => ChangingMember.All[name].Operation.Make(readOnly, file.File, isAsync));

        Assert.Equal(PlainCalls.EBADF, Assert.IsType<UnauthorizedAccessException>(thrown).HResult);
        Assert.Contains(file.File.Path, thrown.Message, StringComparison.Ordinal);
    }

    /// <summary>Also where blocks are made ready for a store, which makes the same calls as <see cref="DirectFile.Prepare"/>.</summary>
    [Fact]
    public void A_store_whose_block_cannot_be_made_ready_is_a_fault_whatever_the_error_number()
    {
        using ScriptedFile file = new(Folder.File(), ChangingMember.Length, Options);
        using MappedRegion region = file.File.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        foreach (int errno in (int[])[PlainCalls.EINVAL, EIO])
        {
            file.Backing.Before = _ => errno;

            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Write(ChangingMember.Length - 8, 1L));

            Assert.Equal((FaultCause.Unknown, errno), (fault.Cause, fault.InnerException!.HResult));
        }
    }
}

/// <summary>Arguments that the kernel itself refuses.</summary>
public sealed class RefusedArgumentTests(RealFileSystems fileSystems)
{
    private const int Page = FileOperation.Page;

    private const string Hugetlbfs = "hugetlbfs";

    private static readonly (string Name, FileOperation Operation, bool IsDirect, string[] FileSystems)[] s_refused =
    [
        ("write at an unaligned place, O_DIRECT", FileOperation.Write(10, 100), true, [RealFileSystems.Ext4, RealFileSystems.Xfs]),
        ("gather at an unaligned place, O_DIRECT", FileOperation.Gather(100, 10, 10), true, [RealFileSystems.Ext4, RealFileSystems.Xfs]),
        ("write", FileOperation.Write(10, 0), false, [Hugetlbfs]),
        ("gather", FileOperation.Gather(0, 10, 10), false, [Hugetlbfs]),
        ("set an unaligned length", FileOperation.SetLength(100), false, [Hugetlbfs]),
        ("collapse at an unaligned place", FileOperation.CollapseRange(100, Page), false, [RealFileSystems.Ext4, RealFileSystems.Xfs]),
        ("collapse up to the end", FileOperation.CollapseRange(14 * Page, 2 * Page), false, [RealFileSystems.Ext4, RealFileSystems.Xfs]),
        ("insert an unaligned length", FileOperation.InsertRange(Page, 100), false, [RealFileSystems.Ext4, RealFileSystems.Xfs]),
        ("clone the file onto itself", FileOperation.CloneWhole().OnItself(), false, [RealFileSystems.Xfs, RealFileSystems.Btrfs]),
        ("clone from an unaligned place", FileOperation.CloneRange(100, 0, Page), false, [RealFileSystems.Xfs, RealFileSystems.Btrfs]),
        ("copy overlapping", FileOperation.CopyRange(0, Page, 2 * Page).OnItself(), false, RealFileSystems.All.ToArray()),
        ("dedupe to an unaligned place", FileOperation.DedupeRange(0, 100, Page), false, [RealFileSystems.Xfs, RealFileSystems.Btrfs]),
    ];

    public static TheoryData<string, string> Cases =>
        [.. from refused in s_refused from fileSystem in refused.FileSystems select (fileSystem, refused.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_the_kernel_refuses_is_an_argument_error_with_path_range_and_errno(string fileSystem, string name)
    {
        (_, FileOperation operation, bool isDirect, _) = s_refused.Single(refused => refused.Name == name);
        using TestDirectory? folder = fileSystem == Hugetlbfs ? null : fileSystems.NewDirectory(fileSystem);
        using TestDirectory mounts = new();
        using Requires.TinyFileSystem? huge = folder is null ? Requires.Hugetlbfs(mounts) : null;
        string path = Path.Combine(folder?.Path ?? huge!.Path, "file");
        using SafeFileHandle twin = New(path + ".twin");
        using SafeFileHandle source = New(path + ".source");
        using SafeFileHandle seen = New(path);
        using DirectFile file = DirectFile.Open(path);
        using DirectFile from = DirectFile.Open(path + ".source");
        if (isDirect)
        {
            Assert.Equal(0, PlainCalls.SetDirect(twin).Errno);
            Inode inode = InodeTable.Find(file.Id)!;
            Assert.Equal(0, PlainCalls.SetDirect(inode.TryGetDescription(FileAccess.ReadWrite, seen, path, out _)!).Errno);
        }

        Assert.Equal(PlainCalls.EINVAL, operation.Plain(twin, source).Errno);
        foreach (bool isAsync in (bool[])[false, true])
        {
            Exception? thrown = await Record.ExceptionAsync(() => operation.Make(file, from, isAsync));

            Assert.Equal(PlainCalls.EINVAL, Assert.IsType<ArgumentException>(thrown).HResult);
            Assert.Contains($"'{path}', bytes [", thrown.Message, StringComparison.Ordinal);
            Assert.Contains("(EINVAL)", thrown.Message, StringComparison.Ordinal);
        }

        SafeFileHandle New(string name)
        {
            SafeFileHandle made = PlainCalls.Open(name, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);
            if (huge is null)
            {
                RandomAccess.Write(made, new byte[16 * Page], 0);
            }

            return made;
        }
    }
}
