using System.Globalization;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

/// <summary>
/// Another process that locks bytes of a file, and one that only lives. Arguments of those that lock: path, first byte, how many.
/// </summary>
internal static class LockCases
{
    /// <summary>Tries to lock bytes exclusively, and prints the error number.</summary>
    internal static int TryLock(string[] arguments)
    {
        using SafeFileHandle file = PlainCalls.Open(arguments[0], PlainCalls.O_RDWR);
        Console.WriteLine(OpenFileLock.TryLock(file, RangeOf(arguments), exclusive: true));
        return 0;
    }

    /// <summary>Locks bytes exclusively, says so, and keeps them until it is told to end.</summary>
    internal static int Hold(string[] arguments)
    {
        using SafeFileHandle file = PlainCalls.Open(arguments[0], PlainCalls.O_RDWR);
        Console.WriteLine(OpenFileLock.TryLock(file, RangeOf(arguments), exclusive: true));
        Console.ReadLine();
        return 0;
    }

    /// <summary>The same with a record lock, which belongs to the process.</summary>
    internal static int HoldRecord(string[] arguments)
    {
        using SafeFileHandle file = PlainCalls.Open(arguments[0], PlainCalls.O_RDWR);
        FileRange range = RangeOf(arguments);
        Console.WriteLine(PlainCalls.LockRecord(file, range.Offset, range.Length).Errno);
        Console.ReadLine();
        return 0;
    }

    /// <summary>Says that it lives, and does so until it is told to end.</summary>
    internal static int Live(string[] arguments)
    {
        Console.WriteLine("0");
        Console.ReadLine();
        return 0;
    }

    private static FileRange RangeOf(string[] arguments) => new(
        long.Parse(arguments[1], CultureInfo.InvariantCulture), long.Parse(arguments[2], CultureInfo.InvariantCulture));
}
