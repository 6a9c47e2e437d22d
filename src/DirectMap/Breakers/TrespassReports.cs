using System.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// What loggers and meters hear of trespasses on one file, and of what it is protected from. Each trespass is counted, and one a second is
/// logged, with how many came since the last one. Loggers and meters are the user's code, which may block: it runs on threads for that, and
/// never on the one that reads.
/// </summary>
internal sealed class TrespassReports(FileEvents events)
{
    private static readonly long s_between = Stopwatch.Frequency; // ticks; a second

    private readonly UninterruptedLock _gate = new();
    private long _lastLogged;
    private int _unlogged;

    internal void Report(Trespass trespass) =>
        UserCode.Queue(static one => one.Reports.ReportNow(one.Trespass), (Reports: this, Trespass: trespass), null);

    internal void ReportLevel(string path, Protection before, Protection now) => UserCode.Queue(
        static one =>
        {
            one.Events.MeasureProtection(one.Now.Level);
            one.Events.ProtectionChanged(one.Path, one.Before, one.Now);
        },
        (Events: events, Path: path, Before: before, Now: now),
        null);

    private void ReportNow(Trespass trespass)
    {
        events.MeasureTrespass(trespass.Origin);
        int unlogged;
        using (_gate.Enter())
        {
            long now = Stopwatch.GetTimestamp();
            if (_lastLogged != 0 && now - _lastLogged < s_between)
            {
                _unlogged++;
                return;
            }

            _lastLogged = now;
            (unlogged, _unlogged) = (_unlogged, 0);
        }

        events.Trespassed(trespass, unlogged);
    }
}
