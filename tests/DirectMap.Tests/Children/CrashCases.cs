using System.IO.MemoryMappedFiles;

namespace DirectMap.Tests.Children;

/// <summary>Cases that end the process, or would.</summary>
internal static class CrashCases
{
    internal static int TruncateUnderThePlainBclMapping(string[] arguments)
    {
        File.WriteAllBytes(arguments[0], new byte[64 << 10]);
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(arguments[0], FileMode.Open);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        using (FileStream other = new(arguments[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            other.SetLength(0);
        }

        try
        {
            Console.WriteLine(view.ReadInt64(40_000));
        }
        catch (Exception)
        {
            return 1; // Not reached: it cannot be caught.
        }

        return 0;
    }

    /// <summary>Objects whose finalizers write to their region: those of the library must come after.</summary>
    internal static int UseInFinalizer(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], 64 << 10);
        Forget(file);
        Infrastructure.ProcSelf.CollectGarbage();
        Console.WriteLine($"{Finalizing.Runs} finalizers ran");
        return Finalizing.Runs == 20 ? 0 : 1;

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Forget(DirectFile file)
        {
            for (int i = 0; i < 20; i++)
            {
                _ = new Finalizing(file.Map(MapOptions.DirectOrEmulated));
            }
        }
    }

    private sealed class Finalizing(MappedRegion region)
    {
        internal static int Runs { get; private set; }

        ~Finalizing()
        {
            region.Write(0, 1L);
            _ = region.State;
            region.Persist(0, 8);
            Runs++;
        }
    }

    internal static int TruncateUnderADirectMapping(string[] arguments)
    {
        DirectFileOptions options = new()
        {
            Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(100) })
        };
        using DirectFile file = DirectFile.Create(arguments[0], 64 << 10, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = DirectFile.Open(arguments[0], options);
        other.SetLength(0);
        try
        {
            Console.WriteLine(region.Read<long>(40_000));
            return 1;
        }
        catch (MappingFaultException exception)
        {
            Console.WriteLine(exception.Message);
            return 0;
        }
    }
}
