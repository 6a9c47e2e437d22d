using DirectMap.Tests.Files;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Cases under RLIMIT_FSIZE, which holds for the whole process.</summary>
internal static class FileSizeLimitCases
{
    private const int Limit = 1 << 20;
    private const int Page = FileOperation.Page;

    /// <summary>Each ends in an exception with EFBIG, or NotSupportedException where the file system cannot do it at all.</summary>
    internal static int GrowBeyondTheLimit(string[] arguments)
    {
        using DirectFile source = DirectFile.Create(Path.Combine(arguments[0], "source"), 2 * Limit);
        using DirectFile file = DirectFile.Create(Path.Combine(arguments[0], "file"), 16 * Page);
        using FileStream sparse = new(Path.Combine(arguments[0], "sparse"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
        sparse.SetLength(80 * Limit);
        using DirectFile toPrepare = DirectFile.Open(sparse.Name);
        Assert.Equal(0, PlainCalls.LimitFileSize(Limit).Errno);
        int failures = FailuresOf(Growing(), file, source);

        string tooLong = Path.Combine(arguments[0], "too-long");
        Console.WriteLine("create");
        Assert.Equal(PlainCalls.EFBIG, Assert.Throws<IOException>(() => DirectFile.Create(tooLong, Limit + 1)).HResult);
        Assert.False(File.Exists(tooLong));
        Console.WriteLine("prepare what is longer, and what is truncated meanwhile");
        foreach (Action change in (Action[])[() => { }, () => sparse.SetLength(Page)])
        {
            Exception? failure = Record.Exception(() => toPrepare.Prepare(new PrepareOptions { Progress = new Immediately(change) }));
            Assert.True(failure is null or IOException { HResult: PlainCalls.EFBIG or 14 } or MapRefusedException, failure?.ToString());
        }

        // Nothing of this makes the file longer than the limit.
        file.Write([], 2 * Limit);
        file.Write([1], Limit - 1);
        file.SetLength(16 * Page);
        Assert.Equal(10, file.CopyFrom(source, (2 * Limit) - 10, 100, 3 * Limit));
        return failures;
    }

    private static (string Name, FileOperation Operation)[] Growing() =>
    [
        ("write across", FileOperation.Write(2, Limit - 1)),
        ("write at", FileOperation.Write(1, Limit)),
        ("write beyond", FileOperation.Write(1, 2 * Limit)),
        ("gather across", FileOperation.Gather(Limit - 5, 3, 0, 3)),
        ("gather beyond", FileOperation.Gather(2 * Limit, 3)),
        ("allocate", FileOperation.Allocate(Limit - Page, 2 * Page)),
        ("allocate beyond", FileOperation.Allocate(2 * Limit, Page)),
        ("zero", FileOperation.ZeroRange(Limit - Page, 2 * Page)),
        ("insert", FileOperation.InsertRange(0, Limit)),
        ("unshare", FileOperation.UnshareRange(Limit - Page, 2 * Page)),
        ("set the length", FileOperation.SetLength(Limit + 1)),
        ("clone", FileOperation.CloneWhole()),
        ("clone across", FileOperation.CloneRange(0, Limit - Page, 2 * Page)),
        ("clone beyond", FileOperation.CloneRange(0, Limit, Page)),
        ("copy across", FileOperation.CopyRange(0, Limit - Page, 2 * Page)),
        ("copy beyond", FileOperation.CopyRange(0, Limit, 1)),
        ("copy nothing to beyond", FileOperation.CopyRange(2 * Limit, Limit, 1)),
    ];

    private static int FailuresOf((string Name, FileOperation Operation)[] growing, DirectFile file, DirectFile source)
    {
        int failures = 0;
        foreach ((string name, FileOperation operation) in growing)
        {
            foreach (Func<Exception?> attempt in (Func<Exception?>[])[
                () => Record.Exception(() => { operation.Call(file, source); }),
                () => Record.Exception(() => { operation.CallAsync(file, source).GetAwaiter().GetResult(); })
            ])
            {
                Console.WriteLine(name); // the last one is the one that ended the process
                Exception? failure = attempt();
                if (failure is not (IOException { HResult: PlainCalls.EFBIG } or NotSupportedException) || file.Length != 16 * Page)
                {
                    failures++;
                    Console.WriteLine($"{name}: the file has {file.Length} bytes, {failure}");
                }
            }
        }

        return failures;
    }

    /// <summary>Whatever each answers.</summary>
    internal static int ChangeAFileThatIsLongerThanTheLimit(string[] arguments)
    {
        using DirectFile source = DirectFile.Create(Path.Combine(arguments[0], "source"), 3 * Limit);
        using DirectFile file = DirectFile.Create(Path.Combine(arguments[0], "file"), 3 * Limit);
        Assert.Equal(0, PlainCalls.LimitFileSize(Limit).Errno);
        (string Name, FileOperation Operation)[] within =
        [
            ("write", FileOperation.Write(Page, 2 * Limit)),
            ("write nothing", FileOperation.Write(0, 2 * Limit)),
            ("gather", FileOperation.Gather(2 * Limit, 10, 10)),
            ("gather nothing", FileOperation.Gather(2 * Limit, 0)),
            ("allocate", FileOperation.Allocate(2 * Limit, Page)),
            ("allocate beyond the end, size kept", FileOperation.AllocateKeepSize(3 * Limit, Page)),
            ("punch", FileOperation.PunchHole(2 * Limit, Page)),
            ("punch beyond the end", FileOperation.PunchHole(4 * Limit, Page)),
            ("zero", FileOperation.ZeroRange(2 * Limit, Page)),
            ("zero beyond the end, size kept", FileOperation.ZeroRangeKeepSize(3 * Limit, Page)),
            ("collapse", FileOperation.CollapseRange(2 * Limit, Page)),
            ("insert", FileOperation.InsertRange(2 * Limit, Page)),
            ("unshare", FileOperation.UnshareRange(2 * Limit, Page)),
            ("clone", FileOperation.CloneWhole()),
            ("clone pages", FileOperation.CloneRange(2 * Limit, 2 * Limit, Page)),
            ("clone pages across", FileOperation.CloneRange(0, Limit - Page, 2 * Page)),
            ("copy", FileOperation.CopyRange(2 * Limit, 2 * Limit, Page)),
            ("dedupe", FileOperation.DedupeRange(0, 2 * Limit, Page)),
            ("dedupe across", FileOperation.DedupeRange(0, Limit - Page, 2 * Page)),
            ("set the same length", FileOperation.SetLength(3 * Limit)),
            ("set the length down to more than the limit", FileOperation.SetLength(2 * Limit)),
            ("set the length down", FileOperation.SetLength(Page)),
        ];
        foreach ((string name, FileOperation operation) in within)
        {
            Console.WriteLine(name); // the last one is the one that ended the process
            Console.WriteLine($"  {Record.Exception(() => { operation.Call(file, source); })?.Message ?? "done"}");
            Console.WriteLine(
                $"  {Record.Exception(() => { operation.CallAsync(file, source).GetAwaiter().GetResult(); })?.Message ?? "done"}");
        }

        Console.WriteLine("alive");
        return 0;
    }

    private sealed class Immediately(Action action) : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value) => action();
    }
}
