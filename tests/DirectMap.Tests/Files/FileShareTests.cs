using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>FileStream's advisory lock: FileStream itself is the judge.</summary>
public abstract class FileShareTests(FileBackingKind backing) : FileTest(backing)
{
    private static readonly FileShare[] s_shares =
    [
        FileShare.None, FileShare.Read, FileShare.ReadWrite, FileShare.ReadWrite | FileShare.Delete
    ];

    private string Path => Folder.File();

    public static TheoryData<FileShare, FileShare> Pairs()
    {
        TheoryData<FileShare, FileShare> pairs = [];
        foreach (FileShare first in s_shares)
        {
            foreach (FileShare second in s_shares)
            {
                pairs.Add(first, second);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_that_have_a_file_open_keep_each_other_out_as_two_FileStreams_do(FileShare first, FileShare second)
    {
        File.WriteAllBytes(Path, new byte[4096]);
        bool expected = Excludes(Stream, first, Stream, second);

        Assert.Equal(expected, Excludes(Stream, first, Direct, second));
        Assert.Equal(expected, Excludes(Direct, first, Stream, second));
        Assert.Equal(expected, Excludes(Direct, first, Direct, second));
        Assert.False(Excludes(Stream, FileShare.None, Nobody, FileShare.None)); // All of them have given it back.
    }

    [Fact]
    public void Who_says_nothing_of_it_takes_no_lock_and_heeds_none()
    {
        NeedsLinuxBacking("it always takes part");
        File.WriteAllBytes(Path, new byte[4096]);
        using FileStream alone = new(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        using DirectFile file = Open();
        alone.Dispose();
        using FileStream again = new(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    [Fact]
    public void A_file_that_is_created_is_locked_and_so_is_one_that_is_opened_instead()
    {
        DirectFileOptions alone = Options with { Share = FileShare.None };
        foreach (Func<DirectFile> open in (Func<DirectFile>[])
        [
            () => DirectFile.Create(Path, 4096, alone), () => DirectFile.OpenOrCreate(Path, 4096, alone), () => DirectFile.Open(Path, alone)
        ])
        {
            using (open())
            {
                Assert.Throws<IOException>(() => Stream(FileShare.ReadWrite));
                IOException refused = Assert.Throws<IOException>(() => DirectFile.OpenOrCreate(Path, 4096, alone));
                Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
            }

            Stream(FileShare.None).Dispose();
        }
    }

    [Theory]
    [InlineData(FileShare.None)]
    [InlineData(FileShare.Read)]
    public async Task Nobody_gets_in_between_the_creation_of_a_file_and_its_lock(FileShare share)
    {
        Assert.SkipWhen(Backing == FileBackingKind.Portable && OperatingSystem.IsWindows(), "a file that nobody shares cannot be renamed");
        const int Rounds = 200;
        int round = 0;
        int intruders = 0;
        Task intruding = Task.Factory.StartNew(
            () =>
            {
                while (Volatile.Read(ref round) is var now && now < Rounds)
                {
                    try
                    {
                        using FileStream intruder = new(
                            Folder.File($"{now}"),
                            FileMode.Open,
                            FileAccess.ReadWrite,
                            share == FileShare.None ? FileShare.ReadWrite : FileShare.None);
                        intruders++;
                    }
                    catch (IOException)
                    {
                        // It is not there yet, or locked.
                    }
                }
            },
            TaskCreationOptions.LongRunning);
        List<DirectFile> files = [];
        try
        {
            for (; round < Rounds; Interlocked.Increment(ref round))
            {
                files.Add(DirectFile.OpenOrCreate(Folder.File($"{round}"), 4096, Options with { Share = share }));
            }
        }
        finally
        {
            Volatile.Write(ref round, Rounds);
            await intruding.Within();
            files.ForEach(file => file.Dispose());
        }

        Assert.Equal(0, intruders);
    }

    [Fact]
    public void Regions_and_leases_keep_the_lock_and_the_last_of_them_gives_it_back()
    {
        DirectFile file = DirectFile.Create(Path, 4096, Options with { Share = FileShare.None });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        ILayoutLease lease = file.AcquireLease();

        foreach (IDisposable last in (IDisposable[])[file, region, lease])
        {
            Assert.Throws<IOException>(() => Stream(FileShare.ReadWrite));
            last.Dispose();
        }

        Stream(FileShare.None).Dispose();
    }

    [Fact]
    public void The_lock_stays_while_anybody_in_the_process_has_it_whoever_took_it_first()
    {
        File.WriteAllBytes(Path, new byte[4096]);
        DirectFile first = DirectFile.Open(Path, Options with { Share = FileShare.Read, Access = FileAccess.Read });
        DirectFile second = DirectFile.Open(Path, Options with { Share = FileShare.ReadWrite });

        first.Dispose();

        Assert.Throws<IOException>(() => Stream(FileShare.None));
        second.Dispose();
        Stream(FileShare.None).Dispose();
    }

    [Fact]
    public void Who_goes_gives_the_lock_back_though_others_keep_the_file_open()
    {
        NeedsLinuxBacking("it always takes part");
        File.WriteAllBytes(Path, new byte[4096]);
        using DirectFile silent = Open();
        using MappedRegion region = silent.Map(MapOptions.DirectOrEmulated);

        DirectFile.Open(Path, Options with { Share = FileShare.None }).Dispose();

        Stream(FileShare.None).Dispose();
    }

    [Fact]
    public async Task Of_many_who_want_it_for_themselves_one_has_it()
    {
        File.WriteAllBytes(Path, new byte[4096]);
        using Barrier barrier = new(8);

        DirectFile?[] files = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                try
                {
                    return DirectFile.Open(Path, Options with { Share = FileShare.None });
                }
                catch (IOException)
                {
                    return null;
                }
            },
            TaskCreationOptions.LongRunning))).Within();

        Assert.Single(files, file => file is not null);
        files.Single(file => file is not null)!.Dispose();
    }

    [Theory]
    [InlineData(FileShare.Inheritable)]
    [InlineData((FileShare)64)]
    public void What_is_no_share_is_refused(FileShare share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DirectFile.Create(Path, 4096, Options with { Share = share }));

    private static bool Excludes(Func<FileShare, IDisposable> one, FileShare first, Func<FileShare, IDisposable> other, FileShare second)
    {
        using IDisposable held = one(first);
        try
        {
            other(second).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static Barrier Nobody(FileShare share) => new(1);

    private FileStream Stream(FileShare share) => new(Path, FileMode.Open, FileAccess.ReadWrite, share);

    private DirectFile Direct(FileShare share) => DirectFile.Open(Path, Options with { Share = share });
}
