using System.Reflection;
using System.Runtime.CompilerServices;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Two copies of the library in one process. Argument of each: a folder.</summary>
internal static class CopiesCases
{
    private const int Pages = 4;

    private static int Page => Environment.SystemPageSize;

    /// <summary>What one has open the other may not open, in either direction, until it is closed.</summary>
    internal static int OpenTheSameFile(string[] arguments)
    {
        string path = NewFile(arguments[0], "file");
        string elsewhere = NewFile(arguments[0], "elsewhere");
        Assembly own = typeof(DirectFile).Assembly;
        string version = own.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        OtherCopy other = new(Path.Combine(arguments[0], "copy"));

        using (DirectFile.Open(path))
        using (other.Open(elsewhere))
        {
            InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => other.Open(path));
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
            Assert.Contains($"{own.Location} ({version})", refused.Message, StringComparison.Ordinal);
        }

        using (other.Open(path))
        {
            InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => DirectFile.Open(path));
            Assert.Contains($"{other.Location} (", refused.Message, StringComparison.Ordinal);
        }

        using DirectFile file = DirectFile.Open(path);
        using DirectFile again = DirectFile.Open(path);
        return 0;
    }

    /// <summary>The same with one backing here and the other there, and with hard links.</summary>
    internal static int OpenTheSameFileWithOtherBackings(string[] arguments)
    {
        string path = NewFile(arguments[0], "file");
        string link = Path.Combine(arguments[0], "link");
        Assert.Null(RealFileSystems.Run("ln", path, link));
        OtherCopy other = new(Path.Combine(arguments[0], "copy"));
        foreach ((FileBackingKind here, FileBackingKind there) in ((FileBackingKind, FileBackingKind)[])
            [(FileBackingKind.Linux, FileBackingKind.Portable), (FileBackingKind.Portable, FileBackingKind.Linux),
                (FileBackingKind.Portable, FileBackingKind.Portable)])
        {
            DirectFileOptions options = new() { Backing = here };
            using (DirectFile.Open(path, options))
            {
                using (DirectFile.Open(link, options))
                {
                    Assert.Throws<InvalidOperationException>(() => other.Open(path, there));
                    Assert.Throws<InvalidOperationException>(() => other.Open(link, there));
                }

                Assert.Throws<InvalidOperationException>(() => other.Open(path, there));
                Assert.Throws<InvalidOperationException>(() => other.Open(link, there)); // still open by its other name
            }

            using (other.Open(link, there))
            {
                Assert.Throws<InvalidOperationException>(() => DirectFile.Open(path, options));
                Assert.Throws<InvalidOperationException>(() => DirectFile.Open(link, options));
            }

            DirectFile.Open(path, options).Dispose();
            other.Open(path, there).Dispose();
        }

        return 0;
    }

    /// <summary>Each has regions that require containment, and faults in them.</summary>
    internal static int FaultInBoth(string[] arguments)
    {
        MapOptions required = MapOptions.Ordinary with { FaultContainment = FaultContainment.Required };
        string[] paths = [.. ((string[])["first", "second", "third"]).Select(name => NewFile(arguments[0], name))];
        OtherCopy other = new(Path.Combine(arguments[0], "copy"));
        using DirectFile firstFile = DirectFile.Open(paths[0]);
        using MappedRegion first = firstFile.Map(required);
        using IDisposable secondFile = other.Open(paths[1]);
        using IDisposable second = other.Map(secondFile);
        Assert.NotEqual(FaultHandler.Own, FaultHandler.Top);
        using DirectFile thirdFile = DirectFile.Open(paths[2]);
        using MappedRegion third = thirdFile.Map(required); // though the other copy's handler is the first by now
        Array.ForEach(paths, path => LossTest.SetLengthOutside(path, Page));

        for (int page = 1; page < Pages; page++)
        {
            Assert.Throws<MappingFaultException>(() => first.Read<byte>(page * Page));
            Assert.Equal(
                typeof(MappingFaultException).FullName, Record.Exception(() => OtherCopy.Read(second, page * Page))!.GetType().FullName);
            Assert.Throws<MappingFaultException>(() => third.Read<byte>(page * Page));
        }

        Assert.Equal("a SIGBUS handler marks the lost pages", third.Facts.Containment.Reason);
        return 0;
    }

    /// <summary>A copy that forgot a file is unloaded, and another one is loaded and opens it.</summary>
    internal static int LoadAnotherAfterOne(string[] arguments)
    {
        string path = NewFile(arguments[0], "file");
        Forget(path, Path.Combine(arguments[0], "copy"));
        OtherCopy next = new(Path.Combine(arguments[0], "next"));
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                ProcSelf.CollectGarbage();
                return Record.Exception(() => next.Open(path).Dispose()) is null;
            },
            TimeSpan.FromSeconds(60)));
        using DirectFile file = DirectFile.Open(path);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(string path, string folder)
    {
        OtherCopy copy = new(folder);
        copy.Open(path); // Never disposed.
        Assert.Throws<InvalidOperationException>(() => DirectFile.Open(path));
        copy.Unload();
    }

    private static string NewFile(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, new byte[Pages * Page]);
        return path;
    }
}
