namespace DirectMap;

/// <summary>What stands between a fault in a mapping (SIGBUS) and the end of the process.</summary>
public enum ContainmentKind
{
    /// <summary>Nothing: an access to a page that the kernel cannot provide ends the process.</summary>
    None = 0,

    /// <summary>
    /// System calls: the pages could be read when the file was mapped, and <see cref="MappedRegion.CopyTo"/>, <see cref="MappedRegion.CopyFrom"/> and <see cref="MappedRegion.Fill"/> report a fault as an exception. Any other access to a page
    /// that the kernel cannot provide ends the process.
    /// </summary>
    Copies = 1,

    /// <summary>The native handler: every access that is checked reports a fault as an exception.</summary>
    Handler = 2,
}

/// <summary>How faults in a mapping are contained, and why not better.</summary>
/// <param name="Kind">What there is.</param>
/// <param name="Reason">Why it is that, in words.</param>
public readonly record struct RegionContainment(ContainmentKind Kind, string Reason);
