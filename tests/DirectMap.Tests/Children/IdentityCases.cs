using DirectMap.Linux;

namespace DirectMap.Tests.Children;

/// <summary>Processes that say who they are, as words.</summary>
internal static class IdentityCases
{
    internal static int Tell(string[] arguments)
    {
        ulong[] words = new ulong[ProcessIdentity.Words];
        ProcessIdentity.Current.WriteTo(words);
        Console.WriteLine(string.Join(' ', words));
        return 0;
    }

    /// <summary>Lives until it is told to end.</summary>
    internal static int TellAndLive(string[] arguments)
    {
        _ = Tell(arguments);
        Console.ReadLine();
        return 0;
    }

    /// <summary>With a name that looks like other fields of its line in /proc.</summary>
    internal static int TellUnderAnotherName(string[] arguments)
    {
        File.WriteAllText("/proc/self/comm", "a) Z 1 (b c) \n");
        return TellAndLive(arguments);
    }
}
