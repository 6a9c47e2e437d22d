using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>Another process.</summary>
/// <param name="process">It.</param>
/// <param name="breaker">What it is to do.</param>
/// <param name="find">The file that it is to do it to; null where it cannot be reached.</param>
internal sealed class NativeActor(NativeBreaker process, string breaker, Func<Subject, string?> find) : IActor
{
    public string? Prepare(Subject subject) => find(subject) is { } path
        ? process.Prepare(breaker, path, subject)
        : "the file cannot be reached that way";

    public Deed Perform(Holder holder) => process.Perform();

    public void Kill() => process.Kill();

    public void Dispose() => process.End();
}
