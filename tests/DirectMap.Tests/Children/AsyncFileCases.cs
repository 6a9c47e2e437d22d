using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Files are opened and read asynchronously, and the pool has few threads or none.</summary>
internal static class AsyncFileCases
{
    /// <summary>
    /// What is called waits for a thread, with the folder of the call, and what is cancelled meanwhile does nothing there. Arguments:
    /// folder, backing.
    /// </summary>
    internal static int CallWhileThePoolIsStarved(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        Directory.SetCurrentDirectory(arguments[0]);
        using DirectFile made = DirectFile.Create("file", 4096, options);
        made.Write([7], 0);
        using CancellationTokenSource cancellation = new();
        using StarvedPoolCases.Starvation starved = new();
        byte[] buffer = new byte[1];
        ValueTask<int> read = made.ReadAsync(buffer, 0);
        Task<DirectFile> opening = DirectFile.OpenAsync("file", options);
        Task<DirectFile> making = DirectFile.OpenOrCreateAsync("new", 4096, options);
        Task[] cancelled =
        [
            made.ReadAsync(new byte[1], 0, cancellation.Token).AsTask(),
            DirectFile.OpenAsync("file", options, cancellation.Token),
            DirectFile.OpenOrCreateAsync("cancelled", 4096, options, null, cancellation.Token),
        ];
        Directory.SetCurrentDirectory(Directory.CreateDirectory("elsewhere").FullName);
        cancellation.Cancel();
        bool isWaiting = !read.IsCompleted && !opening.IsCompleted && !making.IsCompleted && !starved.HasRun;

        starved.End();

        using DirectFile opened = opening.Within().GetAwaiter().GetResult();
        using DirectFile created = making.Within().GetAwaiter().GetResult();
        bool areCancelled = cancelled.All(
            task => Record.Exception(() => task.Within().GetAwaiter().GetResult()) is OperationCanceledException);
        int count = read.AsTask().Within().GetAwaiter().GetResult();
        string found = $"{areCancelled} {isWaiting} {count} {buffer[0]} {opened.Id == made.Id} {created.Path} "
            + string.Join(',', Directory.GetFiles(arguments[0]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Console.WriteLine(found);
        return found == $"True True 1 7 True {Path.Combine(arguments[0], "new")} file,new" ? 0 : 1;
    }

    /// <summary>Nobody who is served by a thread of the pool waits there for another one. Arguments: folder, backing.</summary>
    internal static int ManyOnTwoThreads(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        ThreadPool.SetMinThreads(1, 1);
        if (!ThreadPool.SetMaxThreads(Math.Max(2, Environment.ProcessorCount), 2))
        {
            Console.WriteLine("The pool cannot be made small.");
            return 1;
        }

        string path = Path.Combine(arguments[0], "file");
        Task<DirectFile>[] makings = [.. Enumerable.Range(0, 200).Select(_ => DirectFile.OpenOrCreateAsync(path, 64 << 10, options))];
        DirectFile[] files = Task.WhenAll(makings).Within().GetAwaiter().GetResult();
        Task<int>[] reads = [.. Enumerable.Range(0, 10_000).Select(i => files[i % 200].ReadAsync(new byte[10], i).AsTask())];
        int[] counts = Task.WhenAll(reads).Within().GetAwaiter().GetResult();
        Array.ForEach(files, file => file.Dispose());
        Console.WriteLine($"{files.Length} files, {files.Select(file => file.Id).Distinct().Count()} inodes, {counts.Sum()} bytes");
        return files.Select(file => file.Id).Distinct().Count() == 1 && counts.Sum() == 100_000 ? 0 : 1;
    }
}
