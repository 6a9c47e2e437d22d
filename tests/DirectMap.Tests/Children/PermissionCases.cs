using System.Runtime.InteropServices;

namespace DirectMap.Tests.Children;

/// <summary>Cases that give up root's rights; started by root.</summary>
internal static partial class PermissionCases
{
    private const uint Nobody = 65534;

    /// <summary>
    /// As root, a mapping is made and let go (which also loads everything that is needed); as nobody, it must be EACCES though the
    /// file may be written.
    /// </summary>
    internal static int MapAsAnotherUser(string[] arguments)
    {
        Map(arguments[0], FileAccess.ReadWrite);
        try
        {
            Map(arguments[0], FileAccess.Read);
        }
        catch (MapRefusedException exception) when (exception.Reason == RefusalReason.BlockMapUnverified)
        {
            // On overlayfs; who asks without permission is told that first.
        }

        if (!TryBecome(Nobody, Nobody))
        {
            return 2;
        }

        foreach (FileAccess access in new[] { FileAccess.ReadWrite, FileAccess.Read })
        {
            try
            {
                Map(arguments[0], access);
                Console.WriteLine($"mapped as nobody for {access}");
                return 3;
            }
            catch (UnauthorizedAccessException exception) when (exception.HResult == 13)
            {
                Console.WriteLine(exception.Message);
            }
        }

        return 0;
    }

    /// <summary>Makes files as nobody.</summary>
    internal static int CreateAsAnotherUser(string[] arguments)
    {
        if (!TryBecome(Nobody, Nobody))
        {
            return 2;
        }

        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        DirectFile.Create(Path.Combine(arguments[0], "file"), 4096, options).Dispose();
        DirectFile.OpenOrCreate(Path.Combine(arguments[0], "other"), 4096, options).Dispose();
        return 0;
    }

    private static bool TryBecome(uint user, uint group)
    {
        bool became = setgroups(0, 0) == 0 && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0;
        if (!became)
        {
            Console.WriteLine($"cannot change the user: {Marshal.GetLastPInvokeError()}");
        }

        return became;
    }

    private static void Map(string path, FileAccess access)
    {
        using DirectFile file = DirectFile.Open(path, new DirectFileOptions { Access = access });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setgroups(nint count, nint groups);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresgid(uint real, uint effective, uint saved);
}
