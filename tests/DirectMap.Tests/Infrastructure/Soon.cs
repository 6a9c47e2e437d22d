using DirectMap.Layout;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Waits for what must happen, with a bound that only a hang reaches.</summary>
internal static class Soon
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    internal static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Patience);

    internal static Task Within(this Task task) => task.WaitAsync(Patience);

    /// <summary>Spins until a condition that another thread makes true.</summary>
    internal static void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Patience), $"did not happen: {what}");
}
