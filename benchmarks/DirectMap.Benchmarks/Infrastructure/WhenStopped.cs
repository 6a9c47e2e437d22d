using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>
/// What is done when somebody stops the program, until it is disposed: with its default action a signal would end it without
/// what comes in a finally.
/// </summary>
internal sealed class WhenStopped : IDisposable
{
    private readonly PosixSignalRegistration[] _signals;

    private WhenStopped(Action action) =>
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }
            .Select(signal => PosixSignalRegistration.Create(signal, _ => action()))];

    internal static WhenStopped Do(Action action) => new(action);

    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());
}
