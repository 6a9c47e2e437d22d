using System.Globalization;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;

namespace DirectMap.Backings;

/// <summary>What the installed SIGBUS handler is good for: whether it is told, and whether the calling thread lets it be.</summary>
internal static class HandlerContainment
{
    private static int s_isMarked;

    /// <summary>What a region gets that is mapped by the calling thread.</summary>
    internal static Stated<ContainmentKind> Of(FaultContainment wanted)
    {
        const string Works = "a SIGBUS handler marks the lost pages";
        string? obstacle = SignalMask.IsBusBlocked
            ? "the thread that maps the file has SIGBUS blocked, so the kernel ends the process at its first fault; "
                + $"{nameof(FaultSignal)}.{nameof(FaultSignal.Unblock)} lets it take the signal"
            : null;
        bool isTold = IsTold();
        return (wanted, obstacle, isTold) switch
        {
            (FaultContainment.Required, { } why, _) => new Stated<ContainmentKind>(ContainmentKind.None, why),
            (FaultContainment.Required, _, false) => new Stated<ContainmentKind>(
                ContainmentKind.None,
                "another SIGBUS handler was installed over the library's; whether it passes faults on cannot be seen"),
            (_, { } why, _) => new Stated<ContainmentKind>(ContainmentKind.Handler, $"{Works}; but {why}"),
            (_, _, false) => new Stated<ContainmentKind>(
                ContainmentKind.Handler,
                $"{Works}, if the one that was installed over it passes the signal on, which cannot be seen"),
            _ => new Stated<ContainmentKind>(ContainmentKind.Handler, Works),
        };
    }

    /// <summary>
    /// Whether the first handler is this one, or one of another copy of the library, which passes on what is not its own. A handler stays
    /// as long as the process, and so does its mark.
    /// </summary>
    private static bool IsTold()
    {
        nint own = FaultHandler.Own;
        if (Interlocked.Exchange(ref s_isMarked, 1) == 0)
        {
            ProcessMarks.TryAdd(KeyOf(own), "");
        }

        nint top = FaultHandler.Top;
        return top == own || ProcessMarks.Find(KeyOf(top)) is not null;
    }

    private static string KeyOf(nint handler) => string.Create(CultureInfo.InvariantCulture, $"handler {handler:x}");
}
