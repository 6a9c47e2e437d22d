using System.Runtime.InteropServices;

namespace DirectMap.Tool.Terminal;

/// <summary>The first ctrl-C (or SIGTERM, SIGHUP, SIGQUIT) asks to stop; the second one ends the process as ever.</summary>
internal sealed class Interruption : IDisposable
{
    private const int SignalBase = 128;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile int _signal;

    internal Interruption()
    {
        _registrations = [On(PosixSignal.SIGHUP, 1), On(PosixSignal.SIGINT, 2), On(PosixSignal.SIGQUIT, 3), On(PosixSignal.SIGTERM, 15)];
    }

    internal CancellationToken Token => _source.Token;

    /// <summary>128 and the signal's number; null when there was none.</summary>
    internal int? ExitCode => _signal == 0 ? null : SignalBase + _signal;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private PosixSignalRegistration On(PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, context => Stop(context, number));

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
