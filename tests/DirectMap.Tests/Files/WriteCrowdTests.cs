using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Many operations that wait for one holder.</summary>
public sealed class WriteCrowdTests(ITestOutputHelper output) : FileTest
{
    private const int Writes = 10_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // they belong to the owner of a right elsewhere
    public async Task Ten_thousand_writes_that_wait_for_one_place_are_done_soon_and_in_their_order(bool hasRightElsewhere)
    {
        using DirectFile file = Create(1 << 20);
        using DirectFile other = Open();
        using ILayoutLease lease = file.AcquireLease(new LeaseOptions { Range = new FileRange(0, 4096) });
        using ILayoutRight? right = hasRightElsewhere
            ? await other.BreakLayoutAsync(new FileRange(1 << 19, 4096), cancellationToken: TestContext.Current.CancellationToken)
            : null;

        long began = Stopwatch.GetTimestamp();
        Task[] writes = [.. Enumerable.Range(0, Writes).Select(i =>
            other.WriteAsync(BitConverter.GetBytes(i), 0, cancellationToken: TestContext.Current.CancellationToken).AsTask())];
        TimeSpan queued = Stopwatch.GetElapsedTime(began);
        lease.Dispose();
        await Task.WhenAll(writes);
        TimeSpan all = Stopwatch.GetElapsedTime(began);

        output.WriteLine($"{Writes} writes in {all.TotalMilliseconds:0} ms, queued after {queued.TotalMilliseconds:0} ms");
        byte[] last = new byte[4];
        using (FileStream stream = new(Folder.File(), FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            stream.ReadExactly(last);
        }

        Assert.Equal(Writes - 1, BitConverter.ToInt32(last));
        Assert.True(all < TimeSpan.FromSeconds(10), $"{all}"); // A quarter of a second where nothing else is at work; n^3 were minutes.
    }
}
