namespace DirectMap.Tests.Children;

/// <summary>What the static members of DirectFile use: set once for a process, or not at all.</summary>
internal static class DefaultFactoryCases
{
    private const int Setters = 8;

    /// <summary>It is set before anything has used it. Argument: path.</summary>
    internal static int SetBeforeFirstUse(string[] arguments)
    {
        DirectFileFactory mine = new(new DirectMapOptions { Name = "mine", LeaseBreakTime = TimeSpan.FromSeconds(7) });
        Assert.ThrowsAny<ArgumentException>(() => DirectFile.Open(""));
        Assert.ThrowsAny<ArgumentException>(() => { _ = DirectFile.OpenAsync("a\0b"); });
        Assert.ThrowsAny<ArgumentException>(() => DirectFile.Create(arguments[0], 0));
        Assert.ThrowsAny<ArgumentException>(() => DirectFile.OpenOrCreate(arguments[0], 1, new() { Access = FileAccess.Read }));
        DirectFileFactory.SetDefault(mine); // What was wrong has used nothing.

        using DirectFile file = DirectFile.Create(arguments[0], 4096);

        Assert.Same(mine, DirectFileFactory.Default);
        using MappedRegion region = file.Map();
        Assert.Equal(TimeSpan.FromSeconds(7), DirectFileFactory.Default.Coordinator.LeaseBreakTime);
        Assert.Single(mine.Coordinator.Snapshot(file.Id).Leases);
        InvalidOperationException twice = Assert.Throws<InvalidOperationException>(() => DirectFileFactory.SetDefault(mine));
        Assert.Contains("configuration 'mine'", twice.Message, StringComparison.Ordinal);
        return 0;
    }

    /// <summary>Somebody has opened a file before. Argument: path.</summary>
    internal static int SetAfterFirstUse(string[] arguments)
    {
        DirectFile.Create(arguments[0], 4096).Dispose();
        DirectFileFactory before = DirectFileFactory.Default;

        InvalidOperationException late = Assert.Throws<InvalidOperationException>(
            () => DirectFileFactory.SetDefault(new DirectFileFactory(new DirectMapOptions())));

        Assert.Contains("configuration 'default'", late.Message, StringComparison.Ordinal);
        Assert.Same(before, DirectFileFactory.Default);
        return 0;
    }

    /// <summary>Some set it, and others use it, at the same time: one of all wins, and everybody sees that one.</summary>
    internal static int SetAndUseAtOnce(string[] arguments)
    {
        DirectFileFactory[] made = [.. Enumerable.Range(0, Setters).Select(_ => new DirectFileFactory(new DirectMapOptions()))];
        DirectFileFactory?[] seen = new DirectFileFactory?[2 * Setters];
        using Barrier barrier = new(2 * Setters);
        int set = 0;
        Thread[] threads = [.. Enumerable.Range(0, 2 * Setters).Select(number => new Thread(() =>
        {
            barrier.SignalAndWait();
            if (number < Setters && Record.Exception(() => DirectFileFactory.SetDefault(made[number])) is null)
            {
                Interlocked.Increment(ref set);
            }

            seen[number] = DirectFileFactory.Default;
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());

        Assert.All(seen, one => Assert.Same(DirectFileFactory.Default, one));
        Assert.Equal(made.Contains(DirectFileFactory.Default) ? 1 : 0, set);
        return 0;
    }
}
