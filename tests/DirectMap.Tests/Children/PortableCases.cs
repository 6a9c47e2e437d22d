using System.Runtime.InteropServices;

namespace DirectMap.Tests.Children;

internal static class PortableCases
{
    /// <summary>Every way through the portable backing, in a process in which a system call of the library's own throws.</summary>
    internal static int WithoutPInvoke(string[] arguments)
    {
        NativeLibrary.SetDllImportResolver(
            typeof(DirectFile).Assembly, static (name, _, _) => throw new DllNotFoundException($"a call into {name}"));
        DirectFileFactory files = new(new DirectMapOptions { Backing = FileBackingKind.Portable });
        string path = Path.Combine(arguments[0], "file");
        using (DirectFile file = files.Create(path, 1 << 20))
        using (DirectFile other = files.Open(path))
        {
            MapAndStore(file);
            ChangeTheLayout(file);
            using (file.AcquireLease())
            using (files.Create(path + "2", 4096))
            {
            }

            BreakAndClone(file, other);
        }

        try
        {
            DirectFile.Open(path, new DirectFileOptions { Backing = FileBackingKind.Linux }).Dispose();
            return 2;
        }
        catch (DllNotFoundException)
        {
            Console.WriteLine("refused a call of the Linux backing");
            return 0;
        }
    }

    private static void MapAndStore(DirectFile file)
    {
        foreach (MapOptions options in new[]
        {
            MapOptions.DirectOrEmulated,
            MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess },
            MapOptions.Ordinary
        })
        {
            using MappedRegion region = file.Map(options);
            region.Write(0, 1L);
            using (RegionScope scope = region.OpenScope(0, 10))
            {
                scope.Complete();
            }

            region.Persist(0, 8);
        }
    }

    private static void ChangeTheLayout(DirectFile file)
    {
        file.Write([1], 0);
        file.Flush();
        file.SetLength(2 << 20);
        file.Allocate(1 << 20, 4096);
        file.PunchHole(0, 4096);
        file.ZeroRange(0, 4096);
        file.Prepare();
        _ = file.GetExtents().Count();
    }

    private static void BreakAndClone(DirectFile file, DirectFile other)
    {
        MappedRegion revoked = file.Map(MapOptions.DirectOrEmulated);
        try
        {
            other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse });
        }
        catch (LeaseConflictException)
        {
            revoked.Dispose();
        }

        other.SetLength(0);
        try
        {
            other.CloneFrom(file);
        }
        catch (NotSupportedException)
        {
            // as it should be
        }
    }
}
