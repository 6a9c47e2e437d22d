namespace DirectMap.Tests.Leases.Model;

/// <summary>Who asks, what was decided, and what is held.</summary>
internal sealed partial class LeaseModel
{
    internal enum Outcome
    {
        Pending,
        Granted,
        WouldBlock,
        Busy,
        Deadlock,
        RevocationFailed,
        ExclusivelyHeld,
        Ended,
        GaveUp,
        TimedOut,
    }

    internal abstract class Decided
    {
        internal int Id { get; init; }

        internal int File { get; init; }

        internal int Owner { get; init; }

        internal FileRange Range { get; init; }

        internal Outcome Outcome { get; set; }
    }

    internal sealed class Request : Decided
    {
        internal bool Exclusive { get; init; }

        internal bool Mapped { get; init; }

        internal int Failures { get; init; }

        internal Lease? Upgraded { get; init; }

        internal Lease? Lease { get; set; }
    }

    internal sealed class Breaker : Decided
    {
        internal bool IsLayout { get; init; }

        internal int? TimesOutAt { get; init; }

        internal bool IsRunning { get; set; }

        internal bool IsRightOf(int file, int owner) => IsLayout && IsRunning && File == file && Owner == owner;
    }

    internal sealed class Lease
    {
        internal int Id { get; init; }

        internal int File { get; init; }

        internal int Owner { get; init; }

        internal FileRange Range { get; init; }

        internal bool Exclusive { get; set; }

        internal bool Mapped { get; init; }

        internal int Number { get; init; }

        /// <summary>How often its revocation will still fail.</summary>
        internal int Failures { get; set; }

        internal bool HasFailed { get; set; }

        internal LeaseState State { get; set; }

        internal int? BrokenBy { get; set; }

        internal int BreakNumber { get; set; }

        internal int? Deadline { get; set; }
    }
}
