using System.Runtime.InteropServices;

namespace DirectMap.Tool;

/// <summary>The first ctrl-C (or SIGTERM) asks to stop; the second one ends the process as ever.</summary>
internal sealed class Interruption : IDisposable
{
    private const int SignalBase = 128;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;
    private volatile int _signal;

    internal Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, 2));
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, 15));
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>128 and the signal's number; null when there was none.</summary>
    internal int? ExitCode => _signal == 0 ? null : SignalBase + _signal;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _source.Dispose();
    }

    private void Stop(PosixSignalContext context, int signal)
    {
        if (_signal == 0)
        {
            _signal = signal;
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
