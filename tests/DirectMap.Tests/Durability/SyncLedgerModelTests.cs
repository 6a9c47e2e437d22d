using DirectMap.Durability;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>
/// A large sync and small ones over the same pages, while a modelled kernel fails to write some of them: no sync may say that a page is
/// durable that is not, unless a failure was kept in the ledger that the sync sees at its end.
/// </summary>
public sealed class SyncLedgerModelTests
{
    private const int Pages = 16;
    private const int Rounds = 1500;

    /// <summary>How the protocol is broken on purpose.</summary>
    public enum Flaw
    {
        /// <summary>It is not.</summary>
        None,

        /// <summary>A small sync that went well does not wait for the large one's step.</summary>
        DoesNotWait,

        /// <summary>The large one exchanges its ticket also after a step that was told of a failure.</summary>
        RenewsAfterFailure,

        /// <summary>The large one waits with the description that all sync with, while nobody waits for it.</summary>
        RestsWithTheOnlyDescription,
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_sync_says_that_a_page_is_durable_that_is_not(int seed)
    {
        (int lies, int reports, int quiet) = Run(Flaw.None, seed);

        Assert.Equal(0, lies);
        Assert.True(reports > 20, $"hardly anything failed: {reports}");
        Assert.True(quiet > 200, $"hardly anything went well: {quiet}");
    }

    [Theory]
    [InlineData(Flaw.DoesNotWait)]
    [InlineData(Flaw.RenewsAfterFailure)]
    [InlineData(Flaw.RestsWithTheOnlyDescription)]
    public void A_protocol_with_a_flaw_is_found_out(Flaw flaw)
    {
        int lies = 0;
        for (int seed = 1; seed <= 20 && lies == 0; seed++)
        {
            lies = Run(flaw, seed).Lies;
        }

        Assert.NotEqual(0, lies);
    }

    private static (int Lies, int Reports, int Quiet) Run(Flaw flaw, int seed)
    {
        SyncLedger ledger = new();
        ModelledWriteback kernel = new(Pages, seed) { HasOneDescription = flaw == Flaw.RestsWithTheOnlyDescription };
        int lies = 0, reports = 0, quiet = 0;
        bool isOver = false;
        Thread[] threads =
        [
            new(() => Syncs(0, Pages, Rounds / 10)),
            new(() => Syncs(3, 1, Rounds)),
            new(() => Syncs(9, 2, Rounds)),
            new(() =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    kernel.Flusher();
                    Thread.Yield();
                }
            }),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Assert.All(threads[..3], thread => Assert.True(thread.Join(Soon.Patience), "syncs wait for each other"));
        Volatile.Write(ref isOver, true);
        Assert.True(threads[3].Join(Soon.Patience));
        return (lies, reports, quiet);

        // Each thread stores to pages of its own; the large one's are synced by the small ones, too, and theirs by it.
        void Syncs(int first, int count, int rounds)
        {
            int[] own = [.. Enumerable.Range(first, count).Where(page => count < Pages || page is not (3 or 9 or 10))];
            for (int round = 1; round <= rounds; round++)
            {
                long before = ledger.LastFailure.Number;
                foreach (int page in own)
                {
                    kernel.Store(page, round);
                }

                FileRange range = new(first * ModelledWriteback.Page, count * ModelledWriteback.Page);
                int told = Sync(flaw, ledger, kernel, range);
                if (told != 0 || ledger.LastFailure.Number > before)
                {
                    Interlocked.Increment(ref reports);
                }
                else if (own.All(page => kernel.IsDurable(page, round)))
                {
                    Interlocked.Increment(ref quiet);
                }
                else
                {
                    Interlocked.Increment(ref lies);
                }
            }
        }
    }

    private static int Sync(Flaw flaw, SyncLedger ledger, ModelledWriteback kernel, FileRange range)
    {
        int slot = ledger.Begin();
        IWriteback steps = flaw == Flaw.RenewsAfterFailure ? new Renewing(kernel, ledger, slot) : kernel;
        int told = SteppedWriteback.Run(steps, range, ledger, slot, TimeProvider.System);
        int synced = kernel.Sync(range);
        told = told != 0 ? told : synced;
        bool waits = flaw != Flaw.DoesNotWait || SteppedWriteback.IsLarge(range.Length);
        ledger.End(slot, told == 0 && !waits ? Errno.EINVAL : told); // With that it does not wait.
        return told;
    }

    private sealed class Renewing(ModelledWriteback kernel, SyncLedger ledger, int slot) : IWriteback
    {
        public int TryBegin(FileRange range) => Renew(kernel.TryBegin(range));

        public int TryAwait(FileRange range) => Renew(kernel.TryAwait(range));

        public int TryAwaitApart(FileRange range) => Errno.EBADF;

        private int Renew(int told)
        {
            ledger.Renew(slot);
            Thread.Yield();
            return told;
        }
    }
}
