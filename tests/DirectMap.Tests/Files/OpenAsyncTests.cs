using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Opening on a pool thread, and creating where there is nothing to open.</summary>
public abstract class OpenAsyncTests(FileBackingKind backing) : FileTest(backing)
{
    internal IDirectFileFactory Files => new DirectFileFactory(new DirectMapOptions { Backing = Backing }, Coordinator);

    [Fact]
    public async Task It_opens_the_file_that_Open_opens()
    {
        using DirectFile made = Create(8192);
        made.Write([7], 0);

        using DirectFile file = await DirectFile.OpenAsync(Folder.File(), Options, TestContext.Current.CancellationToken);
        using DirectFile other = await Files.OpenAsync(Folder.File(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((made.Id, made.Path, 8192L), (file.Id, file.Path, file.Length));
        Assert.Equal((made.Id, Backing), (other.Id, other.BackingKind));
    }

    [Fact]
    public async Task It_refuses_what_Open_refuses_and_wrong_arguments_at_the_call()
    {
        Assert.Throws<ArgumentException>(() => { _ = DirectFile.OpenAsync("", Options); });
        Assert.Throws<ArgumentException>(() => { _ = DirectFile.OpenAsync("a", Options with { Access = FileAccess.Write }); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = DirectFile.OpenOrCreateAsync("a", 0, Options); });
        await Assert.ThrowsAsync<FileNotFoundException>(() => DirectFile.OpenAsync(Folder.File(), Options));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => DirectFile.OpenAsync(Folder.File("no/file"), Options));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => DirectFile.OpenAsync(Folder.Path, Options));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => DirectFile.OpenOrCreateAsync(Folder.Path, 1, Options));
    }

    [Fact]
    public async Task OpenOrCreateAsync_tells_the_progress_of_a_file_that_it_makes_and_of_none_that_it_opens()
    {
        Told made = new();
        Told opened = new();

        using DirectFile first = await DirectFile.OpenOrCreateAsync(Folder.File(), (2 << 20) + 5, Options, made);
        using DirectFile second = await Files.OpenOrCreateAsync(Folder.File(), 4096, progress: opened);

        Assert.Equal([1 << 20, 2 << 20, (2 << 20) + 5], made.Values);
        Assert.Empty(opened.Values);
        Assert.Equal((first.Id, (2 << 20) + 5), (second.Id, second.Length));
    }

    [Fact]
    public async Task A_token_that_was_cancelled_before_opens_nothing_and_makes_nothing()
    {
        CancellationToken cancelled = new(canceled: true);
        Create().Dispose();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DirectFile.OpenAsync(Folder.File(), Options, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DirectFile.OpenOrCreateAsync(Folder.File("other"), 4096, Options, null, cancelled));

        Assert.Equal([Folder.File()], Directory.GetFileSystemEntries(Folder.Path));
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_while_a_file_is_made_removes_it()
    {
        using CancellationTokenSource cancellation = new();
        Told told = new() { OnReport = _ => cancellation.Cancel() };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DirectFile.OpenOrCreateAsync(Folder.File(), 64 << 20, Options, told, cancellation.Token));

        Assert.Equal([1 << 20], told.Values);
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    [Fact]
    public async Task However_a_token_is_cancelled_meanwhile_there_is_an_open_file_or_nothing()
    {
        Random random = new(1);
        Create().Dispose();
        for (int round = 0; round < 150; round++)
        {
            string path = Folder.File($"round{round}");
            using CancellationTokenSource cancellation = new();
            int spins = random.Next(1 << random.Next(22));
            using Barrier together = new(2);
            Thread canceller = new(() =>
            {
                together.SignalAndWait();
                Thread.SpinWait(spins);
                cancellation.Cancel();
            });
            canceller.Start();
            together.SignalAndWait();
            Task<DirectFile> opening = DirectFile.OpenAsync(Folder.File(), Options, cancellation.Token);
            Task<DirectFile> making = DirectFile.OpenOrCreateAsync(path, 1 << 20, Options, null, cancellation.Token);

            bool isOpened = await IsOpen(opening, 64 << 10);
            bool isMade = await IsOpen(making, 1 << 20);
            canceller.Join();

            Assert.Equal(isMade, File.Exists(path));
            Assert.Equal(isMade ? 2 : 1, Directory.GetFileSystemEntries(Folder.Path).Length);
            Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
            Assert.True(isOpened || opening.IsCanceled);
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_file_is_opened_also_while_the_last_other_one_of_it_is_disposed()
    {
        Create().Dispose();
        for (int round = 0; round < 200; round++)
        {
            DirectFile last = Open();
            Task<DirectFile>[] openings = [.. Enumerable.Range(0, 4).Select(_ => DirectFile.OpenAsync(Folder.File(), Options))];
            Thread.SpinWait(round * 20);

            last.Dispose();

            foreach (DirectFile file in await Task.WhenAll(openings).Within())
            {
                Assert.Equal(1, file.Read(new byte[1], 0));
                file.Dispose();
            }

            Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
        }
    }

    [Fact]
    public async Task Of_many_that_open_or_create_at_one_time_all_have_one_whole_file()
    {
        for (int round = 0; round < 20; round++)
        {
            string path = Folder.File($"round{round}");

            DirectFile[] files = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(_ => DirectFile.OpenOrCreateAsync(path, 64 << 10, Options))).Within();

            Assert.Single(files.Select(file => file.Id).Distinct());
            Assert.All(files, file => Assert.Equal(64 << 10, file.Length));
            Array.ForEach(files, file => file.Dispose());
        }
    }

    [Theory]
    [InlineData(nameof(AsyncFileCases.CallWhileThePoolIsStarved))]
    [InlineData(nameof(AsyncFileCases.ManyOnTwoThreads))]
    public void On_a_pool_without_threads_it_is_as_documented(string name)
    {
        ChildProcess.Result result = ChildProcess.Run(
            name == nameof(AsyncFileCases.ManyOnTwoThreads)
                ? AsyncFileCases.ManyOnTwoThreads
                : AsyncFileCases.CallWhileThePoolIsStarved,
            Folder.Path,
            $"{Backing}");

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static async Task<bool> IsOpen(Task<DirectFile> opening, long length)
    {
        try
        {
            using DirectFile file = await opening.Within();
            Assert.Equal(length, file.Length);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed class Told : IProgress<long>
    {
        internal List<long> Values { get; } = [];

        internal Action<long>? OnReport { get; init; }

        public void Report(long value)
        {
            Values.Add(value);
            OnReport?.Invoke(value);
        }
    }
}
