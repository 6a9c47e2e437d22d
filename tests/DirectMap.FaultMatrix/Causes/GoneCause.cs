namespace DirectMap.FaultMatrix.Causes;

/// <summary>One that takes the mapping as a whole.</summary>
internal abstract class GoneCause(string name, string title) : Cause(name, title)
{
    /// <summary>The region's state afterwards.</summary>
    internal abstract RegionState State { get; }

    /// <summary>What is promised in place of a fault of pages, where it is not the usual.</summary>
    internal abstract string? Note { get; }

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site)
    {
        foreach (Subject subject in subjects)
        {
            Strike(subject);
        }
    }

    protected abstract void Strike(Subject subject);
}

/// <summary>Somebody else wants the file, through the library, and the holder does not let go in time.</summary>
internal sealed class LeaseRevoked() : GoneCause("lease-revoked", "lease revoked")
{
    internal override IReadOnlyList<bool> Kinds { get; } = [true];

    internal override RegionState State => RegionState.Revoked;

    /// <summary>The BCL has no leases.</summary>
    internal override bool HasCell(Access access, How how) => how != How.Bcl;

    internal override string? Note => null;

    protected override void Strike(Subject subject)
    {
        using DirectFile other = DirectFile.Open(subject.Path, subject.Options);
        other.Write([Subject.Content], 0);
    }
}

internal sealed class RegionDisposed() : GoneCause("region-disposed", "region disposed")
{
    internal override RegionState State => RegionState.Disposed;

    internal override string? Note => "What is promised of a region that was disposed is ObjectDisposedException.";

    protected override void Strike(Subject subject)
    {
        subject.Accessor?.Dispose();
        subject.Region?.Dispose();
    }
}
