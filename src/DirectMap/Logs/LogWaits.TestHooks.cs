namespace DirectMap.Logs;

/// <content>For tests only: waits that do not end by their bound, so that what ends them is something else.</content>
internal sealed partial class LogWaits
{
    internal void SleepLong() => _bound = TimeSpan.FromHours(1);
}
