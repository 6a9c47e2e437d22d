using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>
/// The wait of a lease for whoever was let go before its bytes were held; who comes later is asked. A request that does not wait is refused
/// after a moment.
/// </summary>
internal static class GoingOnWait
{
    /// <summary>How long a request looks that does not wait, in milliseconds: on a loaded machine a thread is not seen at once.</summary>
    private const int TimeOfOneThatDoesNotWait = 50;

    /// <param name="file">Of which file.</param>
    /// <param name="request">The request.</param>
    /// <param name="milliseconds">How long one looks that does not wait.</param>
    internal static void For(GuardedFile file, LeaseRequest request, int milliseconds = TimeOfOneThatDoesNotWait)
    {
        if (file.GoingOnIn(request.Range) is not { } goingOn)
        {
            return;
        }

        long until = request.WhenUnavailable == WhenUnavailable.Refuse
            ? Environment.TickCount64 + milliseconds
            : long.MaxValue;
        foreach (GoingOn one in goingOn)
        {
            using ICallEnd end = file.Group!.Kernel.EndOf(one.Thread, null);
            while (file.GoesOn(one) && !end.HasEnded())
            {
                if (Environment.TickCount64 >= until)
                {
                    throw new LeaseConflictException
                    {
                        Conflict = LeaseConflict.WouldBlock,
                        Detail = $"the lease on {request.Range} was not granted: thread {one.Thread} may still be changing {one.Range}",
                    };
                }

                _ = Poll.Wait([], 1);
            }

            SetEnded(file, one);
        }
    }

    internal static async ValueTask ForAsync(GuardedFile file, LeaseRequest request, CancellationToken cancellationToken)
    {
        if (request.WhenUnavailable == WhenUnavailable.Refuse)
        {
            For(file, request);
            return;
        }

        while (file.GoingOnIn(request.Range) is { } goingOn && !HaveEnded(file, goingOn))
        {
            await Task.Delay(1, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool HaveEnded(GuardedFile file, List<GoingOn> goingOn)
    {
        foreach (GoingOn one in goingOn)
        {
            using ICallEnd end = file.Group!.Kernel.EndOf(one.Thread, null);
            if (!end.HasEnded() && !end.HasEnded())
            {
                return false;
            }

            SetEnded(file, one);
        }

        return true;
    }

    /// <summary>Whoever waits for that end is told: nothing of the thread's is found in the list any more that would tell him.</summary>
    private static void SetEnded(GuardedFile file, GoingOn one)
    {
        file.Ended(one);
        one.Call?.SetEnded();
    }
}
