using DirectMap.Inodes;

namespace DirectMap.Layout;

/// <summary>The rights that an operation has: one, or two of different files.</summary>
internal readonly struct LayoutRights(ILayoutRight first, ILayoutRight? second) : IDisposable
{
    public void Dispose()
    {
        second?.Dispose();
        first.Dispose();
    }

    /// <summary>
    /// Takes the rights that a change needs. Of two it does not wait for long for the one while it holds the other: it waits for one, tries
    /// the other, and if that is not to be had lets go, waits for that one and tries the first. So whoever holds either, for one operation
    /// or for several, never waits for ever for somebody who waits for him. After some rounds it does wait a moment, in the order of the
    /// files: in a queue it has its turn, however many others come and go.
    /// </summary>
    internal static LayoutRights Take((NeededRight One, NeededRight? Two) needs, Patience patience) => needs.Two is { } two
        ? TakeBoth(needs.One, two, patience)
        : new LayoutRights(needs.One.Arbiter.Break(needs.One.Request), null);

    private static LayoutRights TakeBoth(NeededRight one, NeededRight two, Patience patience)
    {
        BreakOptions options = one.Request.Options;
        for (int round = 0; ; round++)
        {
            using Moment moment = new(round, options);
            ILayoutRight first = one.Arbiter.Break(one.RequestWith(options));
            try
            {
                ILayoutRight second = moment.IsNone
                    ? two.Arbiter.Break(two.RequestWith(moment.Options))
                    : moment.Wait(two.Arbiter.BreakAsync(two.RequestWith(moment.Options), moment.Token).AsTask());
                return new LayoutRights(first, second);
            }
            catch (Exception exception)
            {
                first.Dispose();
                if (!moment.WasTooShort(exception))
                {
                    throw;
                }
            }

            (one, two) = moment.Next(one, two);
            options = patience.Left();
        }
    }

    /// <inheritdoc cref="Take"/>
    internal static async ValueTask<LayoutRights> TakeAsync(
        (NeededRight One, NeededRight? Two) needs, Patience patience, CancellationToken cancellationToken)
    {
        (NeededRight one, NeededRight? two) = needs;
        BreakOptions options = one.Request.Options;
        for (int round = 0; ; round++)
        {
            ILayoutRight first = await one.Arbiter.BreakAsync(one.RequestWith(options), cancellationToken).ConfigureAwait(false);
            if (two is not { } other)
            {
                return new LayoutRights(first, null);
            }

            using Moment moment = new(round, options, cancellationToken);
            try
            {
                BreakRequest request = other.RequestWith(moment.Options);
                ILayoutRight second = await other.Arbiter.BreakAsync(request, moment.Token).ConfigureAwait(false);
                return new LayoutRights(first, second);
            }
            catch (Exception exception)
            {
                first.Dispose();
                if (!moment.WasTooShort(exception))
                {
                    throw;
                }
            }

            (one, two) = moment.Next(one, other);
            options = patience.Left();
        }
    }
}
