namespace DirectMap.Tests.Docs;

/// <summary>
/// A method with a region that a page shows. It is run twice in the same folder, as a process of its own; what it throws fails the test.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ExampleAttribute : Attribute
{
    /// <summary>Whether the page says that it ends the process: with SIGABRT, after a fault that nothing catches.</summary>
    public bool EndsTheProcess { get; init; }

    /// <summary>Size in KiB of a tmpfs of its own to run on; 0 for the machine's temp folder.</summary>
    public int TmpfsKibibytes { get; init; }

    /// <summary>Whether it needs faults to be contained by the native library.</summary>
    public bool NeedsNative { get; init; }
}
