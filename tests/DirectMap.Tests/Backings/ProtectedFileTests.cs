using DirectMap.Tests.Docs;
using DirectMap.Tests.Files;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>
/// Files that the kernel protects though they were opened for writing: each operation is refused exactly when the plain system call is, and
/// then nothing has changed.
/// </summary>
public sealed class ProtectedFileTests(RealFileSystems fileSystems)
{
    private static readonly string[] s_operations = [.. FileOperation.All.Keys];

    public static TheoryData<string, string> Marked
    {
        get
        {
            TheoryData<string, string> cases = [];
            foreach (string fileSystem in (string[])[
                RealFileSystems.Ext4, RealFileSystems.Ext4Journal, RealFileSystems.Xfs,
                RealFileSystems.Btrfs, RealFileSystems.Tmpfs, RealFileSystems.Overlay
            ])
            {
                cases.Add(fileSystem, "immutable");
                cases.Add(fileSystem, "append-only");
            }

            return cases;
        }
    }

    public static TheoryData<string, int> Seals => new()
    {
        { "write", PlainCalls.SealWrite },
        { "future write", PlainCalls.SealFutureWrite },
        { "grow", PlainCalls.SealGrow },
        { "shrink", PlainCalls.SealShrink },
        { "grow and shrink", PlainCalls.SealGrow | PlainCalls.SealShrink },
        { "all", PlainCalls.SealWrite | PlainCalls.SealGrow | PlainCalls.SealShrink },
    };

    [Theory]
    [MemberData(nameof(Marked))]
    public async Task An_operation_on_a_file_that_was_marked_after_it_was_opened_answers_as_the_system_call(string fileSystem, string mark)
    {
        uint flag = mark == "immutable" ? PlainCalls.Immutable : PlainCalls.Append;
        int refused = 0;
        foreach (string name in s_operations)
        {
            await CommitLuck.Compare(fileSystem, async () =>
            {
                using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
                using SafeFileHandle source = New(directory.File("source"));
                TwinStates.MakeSource(source);
                using SafeFileHandle twin = New(directory.File("twin"));
                using SafeFileHandle seen = New(directory.File());
                TwinStates.Make(TwinStates.Written, twin, source);
                TwinStates.Make(TwinStates.Written, seen, source);
                using DirectFile file = DirectFile.Open(directory.File());
                using DirectFile from = DirectFile.Open(directory.File("source"));
                try
                {
                    Mark(twin, flag, on: true);
                    Mark(seen, flag, on: true);
                    refused += await Compare(name, file, from, seen, twin, source);
                }
                finally
                {
                    Mark(twin, flag, on: false);
                    Mark(seen, flag, on: false);
                }
            });
        }

        Assert.True(refused > 0, "nothing was refused");
    }

    [Theory]
    [MemberData(nameof(Seals))]
    public async Task An_operation_on_a_sealed_file_in_memory_answers_as_the_system_call(string name, int seals)
    {
        Assert.NotEmpty(name);
        int refused = 0;
        foreach (string operation in s_operations)
        {
            using SafeFileHandle source = PlainCalls.Memfd();
            TwinStates.MakeSource(source);
            using SafeFileHandle twin = PlainCalls.Memfd();
            using SafeFileHandle seen = PlainCalls.Memfd();
            TwinStates.Make(TwinStates.Written, twin, source);
            TwinStates.Make(TwinStates.Written, seen, source);
            using DirectFile file = DirectFile.Open(PathOf(seen));
            using DirectFile from = DirectFile.Open(PathOf(source));
            TwinStates.Ok(PlainCalls.Seal(twin, seals));
            TwinStates.Ok(PlainCalls.Seal(seen, seals));

            // What lies before the end may still be written, and is.
            bool writesSome = (seals & (PlainCalls.SealWrite | PlainCalls.SealFutureWrite)) == 0
                && operation is "write across the end" or "gather across the end";
            refused += await Compare(operation, file, from, seen, twin, source, writesSome);
        }

        Assert.True(refused > 0, "nothing was refused");
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    public async Task An_operation_on_a_file_in_use_as_swap_space_answers_as_the_system_call(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using SafeFileHandle source = New(directory.File("source"));
        TwinStates.MakeSource(source);
        using SafeFileHandle twin = NewSwap(directory.File("twin"));
        using SafeFileHandle seen = NewSwap(directory.File());
        using DirectFile file = DirectFile.Open(directory.File());
        using DirectFile from = DirectFile.Open(directory.File("source"));
        List<string> on = [];
        int refused = 0;
        try
        {
            foreach (string path in (string[])[directory.File("twin"), directory.File()])
            {
                string? failure = RealFileSystems.Run("swapon", path);
                Requires.Have("swap", failure is null, $"cannot swap to a file on {fileSystem}: {failure}");
                on.Add(path);
            }

            foreach (string name in s_operations)
            {
                refused += await Compare(name, file, from, seen, twin, source, isSwap: true);
            }
        }
        finally
        {
            on.ForEach(path => Assert.Null(RealFileSystems.Run("swapoff", path)));
        }

        Assert.True(refused > 0, "nothing was refused");
    }

    /// <returns>1 when it was refused.</returns>
    private static async Task<int> Compare(
        string name,
        DirectFile file,
        DirectFile from,
        SafeFileHandle seen,
        SafeFileHandle twin,
        SafeFileHandle source,
        bool writesSome = false,
        bool isSwap = false)
    {
        FileOperation operation = FileOperation.All[name];
        string before = State(seen);
        string sourceBefore = TwinStates.Of(source);
        PlainCalls.Answer plain = operation.Plain(twin, source);
        try
        {
            if (plain.Errno == 0)
            {
                operation.AnswersAs(file, from, plain);
                Assert.Equal(State(twin), State(seen));
                return 0;
            }

            operation.AnswersAs(file, from, plain);
            await operation.AnswersAsyncAs(file, from, plain);
            Assert.Equal(State(twin), State(seen));
            Assert.True(writesSome || State(seen) == before, "what was refused has changed the file");
            Assert.Equal(sourceBefore, TwinStates.Of(source));
            return 1;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{name}: {exception.Message}", exception);
        }

        // What the kernel swaps out in the meantime is not the operation's doing.
        string State(SafeFileHandle file) => isSwap ? TwinStates.WithoutContent(TwinStates.Of(file)) : TwinStates.Of(file);
    }

    private static SafeFileHandle New(string path) => PlainCalls.Open(path, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);

    private static SafeFileHandle NewSwap(string path)
    {
        SafeFileHandle file = New(path);
        byte[] zeros = new byte[64 * FileOperation.Page];
        Assert.Equal(new PlainCalls.Answer(0, zeros.Length), PlainCalls.Write(file, zeros, 0));
        TwinStates.Ok(PlainCalls.Fsync(file));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(RealFileSystems.Run("mkswap", "-q", "-U", "12345678-0000-0000-0000-000000000000", path));
        return file;
    }

    private static void Mark(SafeFileHandle file, uint flag, bool on)
    {
        TwinStates.Ok(PlainCalls.GetFlags(file, out uint flags));
        TwinStates.Ok(PlainCalls.SetFlags(file, on ? flags | flag : flags & ~flag));
    }

    private static string PathOf(SafeFileHandle file) => $"/proc/self/fd/{file.DangerousGetHandle()}";
}
