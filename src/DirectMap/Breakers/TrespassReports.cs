using System.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// What loggers and meters hear of trespasses on one file, and of what it is protected from. Each trespass is counted, and one a second is
/// logged, with how many came since the last one. It calls the user's loggers on threads for the user's code.
/// </summary>
internal sealed class TrespassReports(FileEvents events)
{
    private static readonly long s_between = Stopwatch.Frequency; // ticks; a second

    private readonly UninterruptedLock _gate = new();
    private long _lastLogged;
    private int _unlogged;

    internal void Report(Trespass trespass)
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

        UserCode.Queue(
            static one => one.Events.Trespassed(one.Trespass, one.Unlogged),
            (Events: events, Trespass: trespass, Unlogged: unlogged),
            null);
    }

    internal void ReportLevel(string path, Protection before, Protection now)
    {
        events.MeasureProtection(now.Level);
        UserCode.Queue(
            static one => one.Events.ProtectionChanged(one.Path, one.Before, one.Now),
            (Events: events, Path: path, Before: before, Now: now),
            null);
    }
}
