using System.Runtime.CompilerServices;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

internal static class MemoryCases
{
    /// <summary>
    /// Memory whose region, file and owner are forgotten, disposed or both, under collections: its use throws or works, and never crashes.
    /// Arguments: path, backing.
    /// </summary>
    internal static int UseAfterTheRegionWent(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        DirectFile.Create(arguments[0], 64 << 10, options).Dispose();
        List<(Memory<byte> Memory, bool IsDisposed)> kept = [];
        for (int i = 0; i < 200; i++)
        {
            kept.Add((Map(arguments[0], options, isDisposed: i % 2 == 0), i % 2 == 0));
        }

        int thrown = 0;
        int worked = 0;
        for (int round = 0; round < 3; round++)
        {
            ProcSelf.CollectGarbage();
            foreach ((Memory<byte> memory, bool isDisposed) in kept)
            {
                try
                {
                    memory.Span[4096]++;
                    worked += isDisposed ? -1_000_000 : 1;
                }
                catch (ObjectDisposedException)
                {
                    thrown += isDisposed ? 1 : -1_000_000;
                }
            }
        }

        Console.WriteLine($"{thrown} threw, {worked} worked");
        GC.KeepAlive(kept);
        return (thrown, worked) == (300, 300) ? 0 : 1;
    }

    /// <summary>
    /// Of a pin only the address is kept, as native code does it: until the handle is disposed, which it never is here, the bytes stay.
    /// Arguments: path, backing.
    /// </summary>
    internal static unsafe int UseAPinWhoseHandleWasDropped(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[1]) };
        DirectFile.Create(arguments[0], 64 << 10, options).Dispose();
        nint address = Pin(arguments[0], options);
        ProcSelf.CollectGarbage();

        *(byte*)address = 5;

        return File.ReadAllBytes(arguments[0])[4096] == 5 ? 0 : 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe nint Pin(string path, DirectFileOptions options) =>
        (nint)DirectFile.Open(path, options).Map(MapOptions.DirectOrEmulated).GetMemory(0, 8192).Pin(4096).Pointer;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Memory<byte> Map(string path, DirectFileOptions options, bool isDisposed)
    {
        DirectFile file = DirectFile.Open(path, options);
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Memory<byte> memory = region.GetMemory(0, 8192).Memory;
        if (isDisposed)
        {
            region.Dispose();
            file.Dispose();
        }

        return memory;
    }
}
