using System.Diagnostics;

namespace DirectMap.Benchmarks.Targets;

/// <summary>The other process of <see cref="FollowTargets"/>: answers each record that it sees, and each bare question.</summary>
internal static class FollowChild
{
    internal const string Command = "follow-child";

    internal static PersistentLogOptions Where { get; } = new() { IsRing = true };

    internal static Process Start(string logPath, string wordsPath, string kind)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program) { RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FollowChild).Assembly.Location);
        }

        foreach (string argument in (string[])[Command, logPath, wordsPath, kind])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>Keeps this thread, and those that it starts, on one processor.</summary>
    internal static void Pin(int processor)
    {
        if (OperatingSystem.IsLinux())
        {
            using Process process = Process.GetCurrentProcess();
            process.ProcessorAffinity = 1 << processor;
        }
    }

    /// <summary>Arguments: the log, the words, how to wait for records.</summary>
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0], new DirectFileOptions { Access = FileAccess.Read });
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        using PersistentLogFollower follower = PersistentLogFollower.Open(region, Where);
        using DirectFile wordsFile = DirectFile.Open(arguments[1]);
        using FollowWords words = new(wordsFile);
        using CancellationTokenSource end = new();
        Thread answering = new(() => AnswerQuestions(words, words.Asked));
        answering.Start();
        long next = follower.DurableSequence + 1;
        Task following = arguments[2] == FollowTargets.Waiting
            ? Task.Factory.StartNew(() => Wait(follower, words, next, end.Token), TaskCreationOptions.LongRunning)
            : Task.Run(() => FollowAsync(follower, words, next, end.Token));
        words.Answer();
        _ = Console.In.Read(); // The parent closes it, or has died.
        words.Stop();
        end.Cancel();
        answering.Join();
        ((IAsyncResult)following).AsyncWaitHandle.WaitOne();
        return 0;
    }

    private static void AnswerQuestions(FollowWords words, uint asked)
    {
        while (!words.IsStopped)
        {
            try
            {
                words.WaitForQuestion(asked);
            }
            catch (IOException)
            {
                continue; // Nobody has asked for a while.
            }

            asked = words.Asked;
            words.Answer();
        }
    }

    private static void Wait(PersistentLogFollower follower, FollowWords words, long next, CancellationToken end)
    {
        PersistentLogReader reader = follower.Read(next);
        while (follower.WaitForRecord(next, Timeout.InfiniteTimeSpan, end))
        {
            for (; reader.MoveNext(); next++)
            {
                words.Answer();
            }
        }
    }

    private static async Task FollowAsync(PersistentLogFollower follower, FollowWords words, long next, CancellationToken end)
    {
        await foreach (PersistentLogEntry entry in follower.FollowAsync(next, end))
        {
            words.Answer();
        }
    }
}
