namespace DirectMap;

/// <summary>
/// The right to change a file's layout, held by one breaker: nobody else holds a lease on the range, and no new lease is granted, until it
/// is disposed.
/// </summary>
/// <remarks>
/// Dispose it (synchronously or not, that is the same) when the operation is finished; that is idempotent and never waits. One that is
/// forgotten holds up the file until it is collected. It is safe for any thread.
/// </remarks>
public interface ILayoutRight : IDisposable, IAsyncDisposable
{
    /// <summary>The bytes that may be changed.</summary>
    FileRange Range { get; }
}
