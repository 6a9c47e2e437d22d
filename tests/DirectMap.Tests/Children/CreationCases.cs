using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Linux;
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
        FileBinding binding = new(DirectFile.DefaultCoordinator, "the case");
        CreationWatch watch = new(new Once(), default);
        LinuxCreation.CreateUnderOtherName(Path.Combine(arguments[0], "file"), 64 << 20, folder, binding, watch).Dispose();
        return 1;
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
