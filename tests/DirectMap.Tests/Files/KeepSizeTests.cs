using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Files;

/// <summary>Allocating and zeroing at random, with the size kept or not, against fallocate on a twin of the file.</summary>
public sealed class KeepSizeTests(RealFileSystems fileSystems) : FileTest
{
    private const int Page = FileOperation.Page;

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Tmpfs)]
    public async Task A_file_looks_after_each_call_as_its_twin_does_after_fallocate_with_the_same_flag(string fileSystem)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
            await Compare(directory, new Random(seed));
        }
    }

    [Fact]
    public void Without_keepSize_the_options_stand_where_they_do_in_every_other_operation()
    {
        using DirectFile file = Create(Page);
        using DirectFile other = Open();
        using MappedRegion region = file.Map();
        BreakOptions refuse = new() { WhenUnavailable = WhenUnavailable.Refuse };

        Assert.Throws<LeaseConflictException>(() => other.Allocate(0, 1, refuse));
        Assert.Throws<LeaseConflictException>(() => other.Allocate(0, 1, keepSize: true, refuse));
        Assert.Throws<LeaseConflictException>(() => other.ZeroRange(0, 1, refuse));
        Assert.Throws<LeaseConflictException>(() => other.ZeroRange(0, 1, keepSize: true, refuse));
    }

    private static async Task Compare(TestDirectory directory, Random random)
    {
        string[] names = ["twin", "sync", "async"];
        SafeFileHandle[] seen = [.. names.Select(name => Made(directory.File(name)))];
        try
        {
            using DirectFile sync = DirectFile.Open(directory.File("sync"));
            using DirectFile async = DirectFile.Open(directory.File("async"));
            for (int call = 0; call < 40; call++)
            {
                long offset = random.Next(24 * Page);
                long length = random.Next(1, 8 * Page);
                FileOperation operation = random.Next(4) switch
                {
                    0 => FileOperation.Allocate(offset, length),
                    1 => FileOperation.AllocateKeepSize(offset, length),
                    2 => FileOperation.ZeroRange(offset, length),
                    _ => FileOperation.ZeroRangeKeepSize(offset, length),
                };

                PlainCalls.Answer plain = operation.Plain(seen[0], seen[0]);
                operation.AnswersAs(sync, sync, plain);
                await operation.AnswersAsyncAs(async, async, plain);

                string expected = TwinStates.Of(seen[0]);
                Assert.Equal(expected, TwinStates.Of(seen[1]));
                Assert.Equal(expected, TwinStates.Of(seen[2]));
            }
        }
        finally
        {
            Array.ForEach(seen, file => file.Dispose());
        }
    }

    /// <summary>A file of some pages, the last of which is not whole.</summary>
    private static SafeFileHandle Made(string path)
    {
        SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);
        byte[] data = [.. Enumerable.Range(0, (5 * Page) + 100).Select(i => (byte)(i % 251))];
        TwinStates.Ok(PlainCalls.Write(file, data, 0) with { Count = 0 });
        TwinStates.Ok(PlainCalls.Fsync(file));
        return file;
    }
}
