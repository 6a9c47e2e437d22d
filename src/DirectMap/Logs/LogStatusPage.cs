using System.Security.Cryptography;
using DirectMap.Linux;

namespace DirectMap.Logs;

/// <summary>
/// The page of a log that says who appends to it now. All of it is the appender's to store, none of it is persisted, and no opening
/// believes it: a process that was killed leaves it as it was. What is read in it counts together with its first word only, which is
/// another one after each opening.
/// </summary>
internal static class LogStatusPage
{
    /// <summary>In the log, in bytes.</summary>
    internal const long Offset = 2 * LogHeaderSlot.Distance;

    /// <summary>How many words of it are used: the instance, who appends, three that are 0, and eight for followers.</summary>
    internal const int Words = 16;

    /// <summary>The words from here on are for followers: <see cref="LogProgress"/>.</summary>
    internal const int FollowersWords = 8;

    private const int Identity = 1;

    /// <summary>The kernel gives no higher process id (PID_MAX_LIMIT).</summary>
    private const ulong HighestPid = 1 << 22;

    /// <summary>An instance that nobody has had.</summary>
    internal static ulong NewInstance()
    {
        ulong instance;
        do
        {
            instance = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        }
        while (instance == 0);
        return instance;
    }

    /// <summary>Who appends is this instance, or has died in that; 0 for nobody.</summary>
    internal static ulong InstanceIn<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory => memory.Load(Offset);

    /// <summary>Says that this process appends, under a new instance. The words for followers stay.</summary>
    internal static void Begin<TMemory>(TMemory memory, ulong instance)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words = stackalloc ulong[FollowersWords];
        words.Clear();
        ProcessIdentity.Current.WriteTo(words[Identity..]);

        // The instance goes before what it stands for changes, and comes after it is there: whoever finds the same one
        // before and after has read what belongs to it.
        End(memory);
        Volatile.WriteBarrier();
        for (int i = 1; i < FollowersWords; i++)
        {
            Store(memory, i, words[i]);
        }

        Volatile.WriteBarrier();
        Store(memory, 0, instance);
    }

    /// <summary>Says that nobody appends.</summary>
    internal static void End<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory => Store(memory, 0, 0);

    /// <summary>Who appends, by what stands there; null where nobody has said so. For messages: it may be out of date, or
    /// anybody's bytes.</summary>
    internal static ProcessIdentity? Appender<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        if (memory.Load(Offset) == 0)
        {
            return null;
        }

        Span<ulong> words = stackalloc ulong[ProcessIdentity.Words];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = memory.Load(Offset + ((Identity + i) * sizeof(ulong)));
        }

        ProcessIdentity identity = ProcessIdentity.Read(words);
        return identity.Pid is > 0 and <= HighestPid ? identity : null;
    }

    private static void Store<TMemory>(TMemory memory, int word, ulong value)
        where TMemory : struct, ILogMemory => memory.Store(Offset + (word * sizeof(ulong)), value);
}
