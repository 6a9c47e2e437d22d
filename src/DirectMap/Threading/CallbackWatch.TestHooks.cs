namespace DirectMap.Threading;

/// <content>For tests only: as it would be without the threads.</content>
internal static partial class CallbackWatch
{
    /// <summary>Whether callbacks wait for a pool thread, however long that takes.</summary>
    internal static bool IsLeftToPool { get; set; }
}
