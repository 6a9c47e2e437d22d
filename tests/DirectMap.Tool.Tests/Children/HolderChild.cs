using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tool.Tests.Children;

/// <summary>In the child: has a file open and mapped, as the lines of its standard input say, until they end.</summary>
internal static partial class HolderChild
{
    private const int F_SETLK = 6;
    private const int F_SETLEASE = 1024;
    private const int F_GETLEASE = 1025;
    private const int F_OFD_SETLK = 37;
    private const int LOCK_SH = 1;
    private const int PR_SET_DUMPABLE = 4;
    private const uint Nobody = 65534;

    private static readonly List<object> s_kept = [];

    internal static int Run(string path)
    {
        bool endsMain = false;
        Thread work = new(() =>
        {
            while (Console.In.ReadLine() is { } step)
            {
                Console.Out.WriteLine(Do(path, step, ref endsMain));
            }

            Environment.Exit(0);
        });
        work.Start();
        Assert.True(SpinWait.SpinUntil(() => endsMain || !work.IsAlive, Timeout.Infinite));
        if (endsMain)
        {
            // This thread only; pthread_exit would unwind managed frames.
            _ = SystemCall(RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 93 : 60, 0);
        }

        return 0;
    }

    private static string Do(string path, string step, ref bool endsMain)
    {
        switch (step)
        {
            case "open read":
                return $"{Open(path, OpenFile.OpenFlags.O_RDONLY).DangerousGetHandle()}";
            case "open read-write":
                return $"{Open(path, OpenFile.OpenFlags.O_RDWR).DangerousGetHandle()}";
            case "open path":
                return $"{Open(path, OpenFile.OpenFlags.O_PATH).DangerousGetHandle()}";
            case "open write":
                return $"{Open(path, (OpenFile.OpenFlags)1).DangerousGetHandle()}";
            case "open nothing":
                return $"{Open(path, (OpenFile.OpenFlags)3).DangerousGetHandle()}";
            case "open 10000":
                for (int i = 0; i < 10_000; i++)
                {
                    Open(path, OpenFile.OpenFlags.O_RDONLY);
                }

                return "10000";
            case "map shared":
                return Map(path, MemoryMappedFileAccess.ReadWrite);
            case "map private":
                return Map(path, MemoryMappedFileAccess.CopyOnWrite);
            case "map read":
                return Map(path, MemoryMappedFileAccess.Read);
            case "directmap":
                return OpenWithLibrary(path);
            case "flock":
                return $"{FlockOf(Open(path, OpenFile.OpenFlags.O_RDONLY), LOCK_SH)}";
            case "ofd lock":
                return LockRange(path, F_OFD_SETLK);
            case "record lock":
                return LockRange(path, F_SETLK);
            case "lease":
                return $"{Fcntl(Open(path, OpenFile.OpenFlags.O_RDWR), F_SETLEASE, 1)}";
            case "lease?":
                return $"{Fcntl(s_kept.OfType<SafeFileHandle>().Last(), F_GETLEASE, 0)}";
            case "become nobody":
                // It changes the group first, and may be looked into all the same afterwards.
                return SetGroups(0, 0) == 0 && SetGids(Nobody, Nobody, Nobody) == 0 && SetUids(Nobody, Nobody, Nobody) == 0
                    && Prctl(PR_SET_DUMPABLE, 1) == 0 ? "" : "failed";
            case "end main":
                endsMain = true;
                return "";
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step, "Not in the table.");
        }
    }

    private static SafeFileHandle Open(string path, OpenFile.OpenFlags flags)
    {
        SafeFileHandle handle = OpenFile.Open(path, flags, path);
        s_kept.Add(handle);
        return handle;
    }

    private static string LockRange(string path, int command)
    {
        FlockRange range = new() { Type = 1, Start = 10, Length = 5 };
        return $"{Fcntl(Open(path, OpenFile.OpenFlags.O_RDWR), command, ref range)}";
    }

    /// <summary>The library is loaded when a method that names it is compiled.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string OpenWithLibrary(string path)
    {
        s_kept.Add(DirectFile.Open(path));
        return "";
    }

    /// <summary>What is left is the mapping: all descriptors are closed.</summary>
    private static string Map(string path, MemoryMappedFileAccess access)
    {
        bool isWriting = access != MemoryMappedFileAccess.Read;
        using SafeFileHandle handle = OpenFile.Open(path, isWriting ? OpenFile.OpenFlags.O_RDWR : OpenFile.OpenFlags.O_RDONLY, path);
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
            handle,
            null,
            0,
            access == MemoryMappedFileAccess.Read ? access : MemoryMappedFileAccess.ReadWrite,
            HandleInheritability.None,
            leaveOpen: false);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, access);
        s_kept.Add(view.SafeMemoryMappedViewHandle);
        return "";
    }

    [LibraryImport("libc", EntryPoint = "flock")]
    private static partial int FlockOf(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(SafeFileHandle file, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(SafeFileHandle file, int command, ref FlockRange argument);

    [LibraryImport("libc", EntryPoint = "setgroups")]
    private static partial int SetGroups(nint count, nint groups);

    [LibraryImport("libc", EntryPoint = "setresgid")]
    private static partial int SetGids(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid")]
    private static partial int SetUids(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nint value);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint SystemCall(nint number, nint argument);

    /// <summary>struct flock of the 64-bit architectures</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct FlockRange
    {
        [FieldOffset(0)]
        internal short Type;

        [FieldOffset(8)]
        internal long Start;

        [FieldOffset(16)]
        internal long Length;
    }
}
