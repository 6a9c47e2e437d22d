namespace DirectMap.Mapping;

/// <content>For tests only: what happens between the steps of mapping a file.</content>
internal abstract unsafe partial class MappedView
{
    /// <summary>Is called on this thread when the BCL has asked for the file's length, and has not mapped anything yet.</summary>
    [field: ThreadStatic]
    internal static Action? Measured { get; set; }

    /// <summary>The BCL has asked for the file's length.</summary>
    protected static void OnMeasured() => Measured?.Invoke();
}
