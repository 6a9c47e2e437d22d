using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Which threads run where: to wake a thread up takes several times as long where it runs on another processor, so what is compared has
/// to be pinned alike.
/// </summary>
internal static unsafe partial class Processors
{
    private const int Words = 16; // 1024 processors
    private const string Threads = "/proc/self/task";

    private static readonly ulong[] s_allowed = Allowed();

    /// <summary>The last one that this process may use.</summary>
    internal static int Last
    {
        get
        {
            int word = Array.FindLastIndex(s_allowed, one => one != 0);
            return (64 * word) + BitOperations.Log2(s_allowed[word]);
        }
    }

    /// <summary>Keeps a thread on one processor.</summary>
    /// <param name="thread">The system's number of it; 0 for the caller's own.</param>
    /// <param name="processor">Which.</param>
    internal static void Pin(int thread, int processor)
    {
        ulong[] mask = new ulong[Words];
        mask[processor / 64] = 1UL << (processor % 64);
        Set(thread, mask);
    }

    /// <summary>Keeps those threads of this process on one processor whose names begin so.</summary>
    /// <returns>How many there are.</returns>
    internal static int PinNamed(string name, int processor)
    {
        int count = 0;
        foreach (int thread in All().Where(thread => NameOf(thread).StartsWith(name, StringComparison.Ordinal)))
        {
            Pin(thread, processor);
            count++;
        }

        return count;
    }

    /// <summary>Keeps all threads of this process on one processor, and those that they start.</summary>
    /// <returns>What lets them run everywhere again.</returns>
    internal static IDisposable PinAll(int processor)
    {
        foreach (int thread in All())
        {
            Pin(thread, processor);
        }

        return new Release();
    }

    private static IEnumerable<int> All() =>
        Directory.GetDirectories(Threads).Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));

    private static string NameOf(int thread)
    {
        try
        {
            return File.ReadAllText($"{Threads}/{thread}/comm");
        }
        catch (IOException)
        {
            return ""; // It has ended.
        }
    }

    private static ulong[] Allowed()
    {
        ulong[] mask = new ulong[Words];
        fixed (ulong* first = mask)
        {
            _ = BareGuardCalls.Check(GetAffinity(0, sizeof(ulong) * Words, first), "sched_getaffinity");
        }

        return mask;
    }

    private static void Set(int thread, ulong[] mask)
    {
        fixed (ulong* first = mask)
        {
            _ = SetAffinity(thread, sizeof(ulong) * Words, first); // A thread that has ended needs no processor.
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nint bytes, ulong* mask);

    private sealed class Release : IDisposable
    {
        public void Dispose()
        {
            foreach (int thread in All())
            {
                Set(thread, s_allowed);
            }
        }
    }
}
