using System.Runtime.CompilerServices;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>A lease that nobody can reach any more ends; one that somebody waits on is kept.</summary>
public sealed class ForgottenLeaseTests : CoordinatorTest
{
    [Fact]
    public async Task A_forgotten_lease_is_revoked_and_lets_the_breaker_go_on()
    {
        TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Forget(revoked);
        Coordinator.Services.LeaseBreakTime = TimeSpan.Zero; // only the finalizer can help
        Task<ILayoutRight> breaker = StartBreak();
        Assert.False(breaker.IsCompleted);

        ProcSelf.CollectGarbage();

        using ILayoutRight right = await breaker.Within();
        Assert.True(revoked.Task.IsCompleted);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget(TaskCompletionSource done) => Hold(revoke: _ => done.SetResult());
    }

    [Fact]
    public async Task Who_only_waits_for_a_break_keeps_the_lease_and_is_told()
    {
        Task<LeaseBreak?> wait = HoldAndWait();
        ProcSelf.CollectGarbage();
        Task<ILayoutRight> breaker = StartBreak();

        Assert.NotNull(await wait.Within());
        Clock.Advance(BreakTime);
        (await breaker.Within()).Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)]
        Task<LeaseBreak?> HoldAndWait() => Hold().WaitForBreakAsync();
    }

    [Fact]
    public async Task Who_has_given_up_waiting_for_a_break_no_longer_keeps_the_lease()
    {
        TaskCompletionSource revoked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await WaitAndGiveUp();

        ProcSelf.CollectGarbage();

        await revoked.Task.Within(); // by the finalizer: nobody has broken the lease

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task WaitAndGiveUp()
        {
            using CancellationTokenSource impatience = new();
            Task<LeaseBreak?> wait = Hold(revoke: _ => revoked.SetResult()).WaitForBreakAsync(impatience.Token);
            await impatience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        }
    }
}
