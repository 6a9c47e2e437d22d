using System.Runtime.InteropServices;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Cases that give up root's rights; started by root.</summary>
internal static partial class PermissionCases
{
    internal const uint Nobody = 65534;

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

        if (!TryBecome(Nobody))
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

    /// <summary>The same where the kernel gives no leases.</summary>
    internal static int MapAsAnotherUserWithoutLeases(string[] arguments) =>
        PlainCalls.ForbidLeases().Errno != 0 ? 2 : MapAsAnotherUser(arguments);

    /// <summary>A file that root has open is opened again by a user who may read it at most. Argument: path.</summary>
    internal static int OpenAfterGivingUpRights(string[] arguments)
    {
        string path = arguments[0];
        File.SetUnixFileMode(Path.GetDirectoryName(path)!, (UnixFileMode)0x1ED); // 0755
        using DirectFile first = DirectFile.Create(path, 4096);
        using DirectFile reader = DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read });
        if (setgroups(0, 0) != 0 || setresgid(uint.MaxValue, Nobody, uint.MaxValue) != 0
            || setresuid(uint.MaxValue, Nobody, uint.MaxValue) != 0)
        {
            return 2;
        }

        foreach ((int mode, FileAccess access, bool mayOpen) in ((int, FileAccess, bool)[])
            [(0x1A4, FileAccess.ReadWrite, false), (0x1A4, FileAccess.Read, true), (0x180, FileAccess.Read, false),
                (0x1B6, FileAccess.ReadWrite, true)])
        {
            if (setresuid(uint.MaxValue, 0, uint.MaxValue) != 0)
            {
                return 2;
            }

            File.SetUnixFileMode(path, (UnixFileMode)mode);
            if (setresuid(uint.MaxValue, Nobody, uint.MaxValue) != 0)
            {
                return 2;
            }

            bool opened = false;
            try
            {
                DirectFile.Open(path, new DirectFileOptions { Access = access }).Dispose();
                opened = true;
            }
            catch (UnauthorizedAccessException exception) when (exception.HResult == 13)
            {
                Console.WriteLine(exception.Message);
            }

            if (opened != mayOpen)
            {
                Console.WriteLine($"{mode:x} for {access}: opened is {opened}");
                return 3;
            }
        }

        return 0;
    }

    /// <summary>
    /// A file that is open is opened again where faccessat2 is forbidden: by other users, and when it is unchangeable. Argument: path, on a
    /// file system with attributes.
    /// </summary>
    internal static int OpenWithoutFaccessat2(string[] arguments)
    {
        string path = arguments[0];
        File.SetUnixFileMode(Path.GetDirectoryName(path)!, (UnixFileMode)0x1ED); // 0755
        using DirectFile first = DirectFile.Create(path, 4096);
        using DirectFile reader = DirectFile.Open(path, new DirectFileOptions { Access = FileAccess.Read });
        AssertOpens(path, FileAccess.ReadWrite, 0); // It is there, and forbidden later.
        Assert.Equal(0, PlainCalls.ForbidFaccessat2().Errno);

        AssertOpens(path, FileAccess.ReadWrite, 0);
        Assert.Null(RealFileSystems.Run("chattr", "+i", path));
        try
        {
            AssertOpens(path, FileAccess.ReadWrite, Errno.EPERM);
            AssertOpens(path, FileAccess.Read, 0);
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("chattr", "-i", path));
        }

        // Another real user than the effective one is not the one who is judged: nothing is refused that might be allowed.
        File.SetUnixFileMode(path, (UnixFileMode)0x180); // 0600
        Assert.Equal(0, setresuid(Nobody, 0, 0));
        AssertOpens(path, FileAccess.ReadWrite, 0);
        File.SetUnixFileMode(path, (UnixFileMode)0x1A4); // 0644
        Assert.Equal(0, setresgid(Nobody, Nobody, Nobody));
        Assert.Equal(0, setresuid(Nobody, Nobody, Nobody));
        AssertOpens(path, FileAccess.Read, 0);
        AssertOpens(path, FileAccess.ReadWrite, Errno.EACCES);
        return 0;
    }

    /// <param name="path">What is opened.</param>
    /// <param name="access">For what.</param>
    /// <param name="errno">What it must be refused with; 0: it must be opened.</param>
    private static void AssertOpens(string path, FileAccess access, int errno)
    {
        Exception? refused = Record.Exception(() => DirectFile.Open(path, new DirectFileOptions { Access = access }).Dispose());
        Assert.True((refused?.HResult ?? 0) == errno, $"{access}: {refused}");
    }

    /// <summary>Makes files as nobody.</summary>
    internal static int CreateAsAnotherUser(string[] arguments)
    {
        if (!TryBecome(Nobody))
        {
            return 2;
        }

        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        DirectFile.Create(Path.Combine(arguments[0], "file"), 4096, options).Dispose();
        DirectFile.OpenOrCreate(Path.Combine(arguments[0], "other"), 4096, options).Dispose();
        return 0;
    }

    /// <summary>As user 1000 of the group that may write the file, which is root's: as in a pod with fsGroup.</summary>
    internal static int MapAsOneOfTheGroup(string[] arguments)
    {
        const uint User = 1000;
        const uint Group = 2000;
        if (!TryBecome(User, [Group]))
        {
            return 2;
        }

        using (DirectFile strict = DirectFile.Open(arguments[0]))
        {
            Action map = () => strict.Map(MapOptions.DirectOrEmulated).Dispose();
            Action acquire = () => strict.AcquireLease().Dispose();
            foreach (Action use in (Action[])[map, acquire])
            {
                try
                {
                    use();
                    return 3;
                }
                catch (UnauthorizedAccessException exception) when (exception.HResult == 13
                    && exception.Message.Contains(nameof(DirectFileOptions.LeasesWithoutOwnership), StringComparison.Ordinal))
                {
                    Console.WriteLine(exception.Message);
                }
            }
        }

        DirectFileOptions waiving = new() { LeasesWithoutOwnership = true };
        try
        {
            DirectFile.Open(arguments[0], waiving with { Guard = GuardOptions.Required(ProtectionLevel.Proved) }).Dispose();
            return 6;
        }
        catch (UnauthorizedAccessException exception) when (exception.HResult == 13)
        {
            // No other process may be made to wait.
        }

        using DirectFile file = DirectFile.Open(arguments[0], waiving);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);
        region.Persist();
        file.AcquireLease().Dispose();
        Console.WriteLine(region.Protection.Reason);
        using DirectFile other = DirectFile.Open(arguments[0]);
        try
        {
            other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse });
            return 4;
        }
        catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.WouldBlock)
        {
            // Within the process the lease is as any other.
        }

        return region.Protection.Reason.Contains(nameof(DirectFileOptions.LeasesWithoutOwnership), StringComparison.Ordinal) ? 0 : 5;
    }

    internal static bool TryBecomeNobody() => TryBecome(Nobody);

    /// <summary>All threads become somebody without capabilities.</summary>
    internal static unsafe bool TryBecome(uint user, params uint[] groups)
    {
        bool became;
        fixed (uint* list = groups)
        {
            became = setgroups(groups.Length, (nint)list) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
        }

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
