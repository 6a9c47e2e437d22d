using System.Globalization;
using System.Text.Json;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Rendering;

/// <summary>What the facts of a watch are called; the same in each form of output.</summary>
internal static class WatchWords
{
    internal static string Name(ProtectionLevel level) => JsonNamingPolicy.CamelCase.ConvertName(level.ToString());

    internal static string Name(ProtectionEngine engine) => JsonNamingPolicy.CamelCase.ConvertName(engine.ToString());

    internal static string Name(TrespassOrigin origin) => JsonNamingPolicy.CamelCase.ConvertName(origin.ToString());

    /// <summary>For people.</summary>
    internal static string Who(Change change)
    {
        string who = change.Origin switch
        {
            TrespassOrigin.OtherProcess => "another process",
            TrespassOrigin.ThisProcess => "this process",
            _ => "an unknown process",
        };
        return change.ProcessId is { } id
            ? string.Create(CultureInfo.InvariantCulture, $"{who}, {id}{(change.ProcessName is null ? "" : $" {change.ProcessName}")}")
            : who;
    }

    internal static string Notices(long count) =>
        count == 1 ? "1 notice of a change" : string.Create(CultureInfo.InvariantCulture, $"{count} notices of changes");

    internal static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    internal static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
