using DirectMap.Linux;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Durability;

/// <summary>Small persists beside a large one of the same file.</summary>
public sealed class LargePersistTests : FileTest
{
    private const long Length = 64 << 20;
    private const string Begin = "TryBeginWriteback", Await = "TryAwaitWriteback", Apart = "TryAwaitApart";

    public static TheoryData<string> LargeSyncs { get; } = ["Persist", "PersistAsync", "Flush"];

    [Theory]
    [MemberData(nameof(LargeSyncs))]
    public async Task A_small_persist_waits_for_a_step_of_a_large_sync_and_not_for_all_of_it(string large)
    {
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        using SemaphoreSlim parked = new(0);
        using SemaphoreSlim go = new(0);
        scripted.Backing.Before = call =>
        {
            if (call is Await or Apart)
            {
                parked.Release();
                Assert.True(go.Wait(Soon.Patience));
            }

            return null;
        };
        Task whole = Large(large, scripted.File, region);
        Assert.True(await parked.WaitAsync(Soon.Patience, TestContext.Current.CancellationToken));

        region.Write(Length - 8, 42L);
        Thread small = new(() => region.Persist(Length - 8, 8)) { IsBackground = true };
        small.Start();
        Task another = region.PersistAsync(8, 8, TestContext.Current.CancellationToken);
        Soon.Until(() => small.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the small one waits");
        Assert.True(small.IsAlive); // The step may have been told of its failure.
        Assert.False(another.IsCompleted);
        go.Release();

        Assert.True(small.Join(Soon.Patience), "a small persist waits for more than a step of the large one");
        await another.Within();
        Assert.False(whole.IsCompleted);
        go.Release(1000);
        await whole.Within();
    }

    [Theory]
    [MemberData(nameof(LargeSyncs))]
    public async Task Small_persists_do_not_wait_for_a_large_sync_that_waits_for_the_device(string large)
    {
        NeedsDescriptionApart();
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        using SemaphoreSlim parked = new(0);
        using SemaphoreSlim go = new(0);
        scripted.Backing.Before = call =>
        {
            if (call == Begin)
            {
                scripted.Inode.EndSync(scripted.Inode.Syncs.Begin(), Errno.EINVAL); // It meets another one.
            }

            if (call == Apart)
            {
                parked.Release();
                Assert.True(go.Wait(Soon.Patience));
            }

            return null;
        };
        Task whole = Large(large, scripted.File, region);
        Assert.True(await parked.WaitAsync(Soon.Patience, TestContext.Current.CancellationToken));

        for (long at = 0; at < Length; at += Length / 8)
        {
            region.Write(at, 42L);
            await Task.Run(() => region.Persist(at, 8), TestContext.Current.CancellationToken).Within();
            await region.PersistAsync(at, 8, TestContext.Current.CancellationToken).Within();
        }

        Assert.False(whole.IsCompleted);
        go.Release(1000);
        await whole.Within();
    }

    [Theory]
    [InlineData(Begin, 28)]
    [InlineData(Await, 5)]
    public async Task A_failure_that_a_step_was_told_of_is_told_to_everybody_who_was_there(string failing, int errno)
    {
        foreach (string large in LargeSyncs.Select(row => row.Data))
        {
            using ScriptedFile scripted = new(Folder.File(large), Length, Options);
            using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
            using DirectFile other = scripted.OpenAnother();
            using MappedRegion there = other.Map(MapOptions.Ordinary);
            int calls = 0;
            scripted.Backing.Before = call => call == failing && Interlocked.Increment(ref calls) == 3 ? errno : null;

            Exception? told = await Record.ExceptionAsync(Large(large, scripted.File, region).Within);

            Assert.Equal(errno, Assert.IsType<WritebackFailureException>(told).HResult);
            Assert.Equal(3, calls); // What follows is the sync of the whole.
            Assert.Equal(errno, Assert.Throws<WritebackFailureException>(() => there.Persist(0, 8)).HResult);
            scripted.File.AcknowledgeWritebackFailure(scripted.File.WritebackFailure!);
            await Large(large, scripted.File, region).Within();
        }
    }

    [Theory]
    [MemberData(nameof(LargeSyncs))]
    public async Task A_sync_that_was_under_way_at_a_failure_is_told_also_when_another_one_of_the_region_has_acknowledged_it(string large)
    {
        using ScriptedFile scripted = new(Folder.File("file"), Length, Options);
        using MappedRegion region = scripted.File.Map(MapOptions.Ordinary);
        using SemaphoreSlim parked = new(0);
        using SemaphoreSlim go = new(0);
        int calls = 0;
        scripted.Backing.Before = call =>
        {
            if (call != Begin)
            {
                return null;
            }

            if (Interlocked.Increment(ref calls) == 2)
            {
                return 5;
            }

            parked.Release();
            Assert.True(go.Wait(Soon.Patience));
            return null;
        };
        Task whole = Large(large, scripted.File, region);
        Assert.True(await parked.WaitAsync(Soon.Patience, TestContext.Current.CancellationToken));

        // Another one takes the report, which may be about the bytes of the one that is under way.
        Assert.Throws<WritebackFailureException>(large == "Flush" ? scripted.File.Flush : region.Persist);
        scripted.File.AcknowledgeWritebackFailure(scripted.File.WritebackFailure!);
        go.Release(1000);

        Exception? told = await Record.ExceptionAsync(whole.Within);
        Assert.True(Assert.IsType<WritebackFailureException>(told).IsAcknowledged);
        await Large(large, scripted.File, region).Within();
    }

    [Fact]
    public void Bytes_of_a_persist_that_returned_are_on_a_device_that_fails_meanwhile()
    {
        Requires.Root();
        int failures = 0;
        for (int round = 0; round < 6; round++)
        {
            failures += PersistWhileTheDeviceFails(round);
        }

        Assert.True(failures > 0, "the device has never failed while syncs overlapped");
    }

    [Fact]
    public void A_large_persist_leaves_nothing_dirty()
    {
        using DirectFile file = Create(Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        region.Fill(0, Length, 7);
        Assert.NotEqual(0, ProcSelf.DirtyKibibytes(file.Path));

        region.Persist(3, Length - 5);

        Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
        region.Fill(0, Length, 8);
        file.Flush();
        Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
    }

    /// <summary>
    /// A file whose blocks the loop device's image does not have yet, on a tmpfs with room for half of them: a large persist and small ones
    /// of its pages at one time. What a small one has said to be durable is read from the device afterwards.
    /// </summary>
    /// <returns>How many small ones were told of a failure.</returns>
    private int PersistWhileTheDeviceFails(int round)
    {
        const long size = 12 << 20;
        const int threads = 3;
        using TestDirectory directory = new();
        using Requires.TinyFileSystem store = Requires.TinyTmpfs(directory, 8 << 10);
        string path;
        int told = 0;
        List<long> durable = [];
        using Requires.TinyFileSystem device = Requires.Ext4(directory, 4096, Path.Combine(store.Path, "image"), "-O", "^has_journal");
        path = Path.Combine(device.Path, "file");
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(size);
        }

        using (DirectFile file = DirectFile.Open(path, Options))
        {
            file.Allocate(0, size);
            using MappedRegion region = file.Map(MapOptions.Ordinary);
            for (long page = 0; page < size; page += PageSize)
            {
                region.Write(page, page + 1 + round);
            }

            using Barrier start = new(threads + 1);
            Thread[] small = [.. Enumerable.Range(0, threads).Select(number => new Thread(() =>
            {
                start.SignalAndWait();
                for (long page = number * 64 * PageSize; page < size; page += threads * 64 * PageSize)
                {
                    Exception? failure = Record.Exception(() => region.Persist(page, 8));
                    lock (durable)
                    {
                        if (failure is null)
                        {
                            durable.Add(page);
                        }
                        else
                        {
                            Assert.IsType<WritebackFailureException>(failure);
                            told++;
                        }
                    }
                }
            }))];
            Array.ForEach(small, thread => thread.Start());
            start.SignalAndWait();
            Assert.Throws<WritebackFailureException>(region.Persist);
            Assert.All(small, thread => Assert.True(thread.Join(Soon.Patience)));
            file.AcknowledgeWritebackFailure(file.WritebackFailure!);
        }

        AssertOnDevice(path, size, durable, round);
        return told;
    }

    private static void AssertOnDevice(string path, long size, List<long> durable, int round)
    {
        using SafeFileHandle plain = PlainCalls.Open(path, PlainCalls.O_RDONLY);
        Assert.Equal(0, Fadvise.TryDrop(plain, new FileRange(0, size)));
        byte[] read = new byte[8];
        foreach (long page in durable)
        {
            Assert.Equal(8, RandomAccess.Read(plain, read, page));
            Assert.Equal(page + 1 + round, BitConverter.ToInt64(read));
        }
    }

    private static Task Large(string name, DirectFile file, MappedRegion region) => name switch
    {
        "Persist" => Task.Run(region.Persist),
        "PersistAsync" => region.PersistAsync(0, region.Length),
        _ => file.FlushAsync(),
    };
}
