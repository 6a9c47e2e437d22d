namespace DirectMap.Threading;

/// <summary>
/// Something that happens once, for a thread of the library's own that waits for it: nobody interrupts that. Who says so is any thread.
/// </summary>
internal sealed class OwnSignal
{
    private readonly object _gate = new();
    private bool _isSet;

    internal bool IsSet => Volatile.Read(ref _isSet);

    internal void Set() => Uninterrupted.Run(this, static signal =>
    {
        lock (signal._gate)
        {
            signal._isSet = true;
            Monitor.PulseAll(signal._gate);
        }
    });

    /// <returns>Whether it has happened.</returns>
    internal bool Wait(int milliseconds)
    {
        lock (_gate)
        {
            return _isSet || (Monitor.Wait(_gate, milliseconds) && _isSet);
        }
    }
}
