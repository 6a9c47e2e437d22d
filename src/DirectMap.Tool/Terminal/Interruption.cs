using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DirectMap.Tool.Terminal;

/// <summary>
/// The first ctrl-C (or SIGTERM, SIGHUP, SIGQUIT) asks to stop; the second one ends the process as ever. What comes at once is the first:
/// timeout(1) sends its signal to the process, and then to all in its group.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private const int SignalBase = 128;
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _gate = new();
    private volatile int _signal;
    private long _signalledAt;

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
        bool isFirst;
        lock (_gate)
        {
            isFirst = _signal == 0;
            context.Cancel = isFirst || (_signal == signal && Stopwatch.GetElapsedTime(_signalledAt) < s_atOnce);
            if (isFirst)
            {
                _signalledAt = Stopwatch.GetTimestamp();
                _signal = signal;
            }
        }

        if (isFirst)
        {
            _source.Cancel();
        }
    }
}
