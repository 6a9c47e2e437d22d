using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

internal static class CreationCases
{
    internal const int Length = 96 << 20;

    /// <summary>Says when it has begun; the parent kills it.</summary>
    internal static int CreateUntilKilled(string[] arguments)
    {
        DirectFile.CreateAsync(Path.Combine(arguments[0], "file"), 64 << 20, progress: new Once()).GetAwaiter().GetResult().Dispose();
        return 1;
    }

    /// <summary>The same with the portable backing.</summary>
    internal static int CreatePortablyUntilKilled(string[] arguments)
    {
        DirectFileOptions portable = new() { Backing = FileBackingKind.Portable };
        DirectFile.CreateAsync(Path.Combine(arguments[0], "file"), 64 << 20, portable, new Once()).GetAwaiter().GetResult().Dispose();
        return 1;
    }

    /// <summary>The same as on a file system that has no files without a name.</summary>
    internal static int CreateUnderOtherNameUntilKilled(string[] arguments)
    {
        using SafeFileHandle folder = OpenFile.Open(arguments[0], OpenFile.OpenFlags.O_RDONLY, arguments[0]);
        FileBinding binding = new(DirectFileFactory.Default.Coordinator, "the case");
        CreationWatch watch = new(new Once(), default);
        LinuxCreation.CreateUnderOtherName(Path.Combine(arguments[0], "file"), 64 << 20, folder, binding, null, watch).Dispose();
        return 1;
    }

    /// <summary>Makes a file with a backing while another process makes one: it takes nobody's for a leftover.</summary>
    internal static int CreateBeside(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        DirectFile.Create(Path.Combine(arguments[0], $"beside-{arguments[1]}-{Guid.NewGuid():N}"), 4096, options).Dispose();
        return 0;
    }

    /// <summary>Makes a file with the portable backing, and in the midst of it others.</summary>
    internal static int CreatePortablyWhileOthersDo(string[] arguments)
    {
        DirectFileOptions portable = new() { Backing = FileBackingKind.Portable };
        Midst midst = new(() =>
        {
            DirectFile.Create(Path.Combine(arguments[0], "another"), 4096, portable).Dispose();
            ChildProcess.Result result = ChildProcess.RunWith(
                new Dictionary<string, string> { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "0" },
                CreateBeside,
                arguments[0],
                $"{FileBackingKind.Portable}");
            return result.ExitCode;
        });
        using DirectFile file = DirectFile.CreateAsync(Path.Combine(arguments[0], "file"), 4096, portable, midst).GetAwaiter().GetResult();
        using FileStream alone = new(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None); // Where locks are off there is none.
        return midst.ExitCode;
    }

    /// <summary>Opens or creates the file, and makes a letter of its own durable near its end.</summary>
    internal static int OpenOrCreateAndWrite(string[] arguments)
    {
        int index = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture);
        using DirectFile file = DirectFile.OpenOrCreate(
            arguments[0], Length, new DirectFileOptions { Backing = Enum.Parse<FileBackingKind>(arguments[2]) });
        if (file.Length != Length)
        {
            return 2;
        }

        file.Write([(byte)('a' + index)], Length - 3 + index);
        file.Flush();
        return 0;
    }

    /// <summary>Has a file for itself some times, and removes it now and then. Arguments: folder, times.</summary>
    internal static int HoldAlone(string[] arguments)
    {
        string path = Path.Combine(arguments[0], "file");
        string marker = Path.Combine(arguments[0], "held");
        Random random = new(Environment.ProcessId);
        for (int left = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture); left > 0;)
        {
            try
            {
                using DirectFile file = DirectFile.OpenOrCreate(path, 64 << 10, new DirectFileOptions { Share = FileShare.None });
                using (new FileStream(marker, FileMode.CreateNew))
                {
                    // Fails if another one has it, too.
                }

                left--;
                if (file.Length != 64 << 10)
                {
                    return 2;
                }

                File.Delete(marker);
                if (random.Next(2) == 0)
                {
                    File.Delete(path);
                }
            }
            catch (IOException exception) when (exception.HResult == Errno.EAGAIN)
            {
                Thread.Yield();
            }
            catch (IOException exception)
            {
                Console.WriteLine($"{left} left: {exception}");
                return 3;
            }
        }

        return 0;
    }

    /// <summary>Makes a file in a folder that it may not read, where the name cannot be made durable (syncfs fails).</summary>
    internal static int CreateWhereNamesAreNotSynced(string[] arguments)
    {
        if (!PermissionCases.TryBecomeNobody() || PlainCalls.ForbidSyncfs().Errno != 0)
        {
            return 2;
        }

        try
        {
            DirectFile.Create(Path.Combine(arguments[0], "file"), 4096).Dispose();
            return 3;
        }
        catch (UnauthorizedAccessException exception) when (exception.HResult == Errno.EPERM)
        {
            Console.WriteLine(exception.Message);
            return exception.Message.StartsWith("fsync of the directory", StringComparison.Ordinal) ? 0 : 4;
        }
    }

    private sealed class Midst(Func<int> action) : IProgress<long>
    {
        internal int ExitCode { get; private set; } = -1;

        public void Report(long value) => ExitCode = action();
    }

    private sealed class Once : IProgress<long>
    {
        private bool _said;

        public void Report(long value)
        {
            if (!_said)
            {
                _said = true;
                Console.WriteLine("begun");
                Console.ReadLine(); // the parent never writes one
            }
        }
    }
}
