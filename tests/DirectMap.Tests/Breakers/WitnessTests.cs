using System.Collections.Immutable;
using DirectMap.Breakers;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Breakers;

/// <summary>
/// The arithmetic of what is in flight: every order of the steps of operations, changes and reads, over the kernel's queue as a model. The
/// witness takes each step under one gate, so the orders of steps are all that can happen.
/// </summary>
public sealed class WitnessTests
{
    private static readonly SafeFileHandle s_noHandle = new(-1, ownsHandle: false);

    /// <summary>Who takes steps, each in its own order.</summary>
    private static readonly Step[][][] s_scripts =
    [
        [[Step.Begin, Step.OwnChange, Step.End], [Step.Foreign, Step.Foreign], [Step.Read, Step.Read]],
        [[Step.Begin, Step.OwnChange, Step.End], [Step.Begin, Step.OwnChange, Step.End], [Step.Foreign], [Step.Read]],
        [[Step.Begin, Step.OwnChange, Step.End], [Step.Past, Step.Past], [Step.Read, Step.Read]],
        [
            [Step.Begin, Step.OwnChange, Step.OwnChange, Step.End, Step.Begin, Step.OwnChange, Step.End],
            [Step.Past], [Step.Foreign], [Step.Read],
        ],
        [[Step.Begin, Step.OwnChange, Step.End], [Step.Hold, Step.LetGo], [Step.Foreign], [Step.Read]],
    ];

    private enum Step
    {
        Begin,
        OwnChange,
        End,

        /// <summary>By this process, past the library.</summary>
        Past,

        Foreign,
        Read,
        Hold,
        LetGo,
    }

    public static TheoryData<int, ProtectionEngine> Cases
    {
        get
        {
            TheoryData<int, ProtectionEngine> cases = [];
            for (int script = 0; script < s_scripts.Length; script++)
            {
                cases.Add(script, ProtectionEngine.Fanotify);
                cases.Add(script, ProtectionEngine.Inotify);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void In_every_order_foreign_changes_are_told_and_operations_are_not(int script, ProtectionEngine engine)
    {
        int orders = 0;
        foreach (ImmutableArray<Step> order in Orders(s_scripts[script]))
        {
            Check(order, engine);
            orders++;
        }

        Assert.True(orders > 100, $"{orders} orders");
    }

    [Fact]
    public void A_queue_that_was_full_is_said_and_the_file_stays_armed()
    {
        ModelledSystem system = new() { Making = static engine => (new ModelledSource(engine, room: 1), 0) };
        (Witness witness, WatchedFile file, Listener listener) = Armed(system);
        ModelledSource source = system.Made[0];

        source.Change(file, 7);
        source.Change(file, 8);
        Assert.True(witness.ReadAll());
        witness.Recover();

        Assert.Equal(7, Assert.Single(listener.Heard).ProcessId);
        Assert.Equal("the queue of Fanotify was full, and changes were not told", Assert.Single(listener.Losses));
        Assert.True(witness.IsArmed(file));
        witness.Recover();
        Assert.Single(listener.Losses);
    }

    [Fact]
    public void A_queue_that_cannot_be_read_is_given_up_and_a_new_one_is_made()
    {
        ModelledSystem system = new();
        (Witness witness, WatchedFile file, Listener listener) = Armed(system);
        system.Made[0].IsBroken = true;

        witness.Begin(file, null, KnownLength.None); // Whoever comes finds it.
        witness.End(file);
        witness.Recover();

        Assert.Single(listener.Losses);
        Assert.False(witness.IsArmed(file));
        Assert.True(system.Made[0].IsDisposed);
        Assert.Equal(ProtectionLevel.Watched, witness.TryArm(file, s_noHandle).Level);
        system.Made[1].Change(file, 7);
        Assert.True(witness.ReadAll());
        Assert.Equal(7, Assert.Single(listener.Heard).ProcessId);
    }

    [Theory]
    [InlineData(Errno.EPERM, 0, 0, ProtectionLevel.Watched, ProtectionEngine.Inotify, "EPERM")]
    [InlineData(0, Errno.ENOSPC, 0, ProtectionLevel.Watched, ProtectionEngine.Inotify, "ENOSPC")]
    [InlineData(Errno.ENOSYS, 0, Errno.EMFILE, ProtectionLevel.ThisProcess, ProtectionEngine.None, "fanotify: ENOSYS, inotify: EMFILE")]
    [InlineData(0, 0, 0, ProtectionLevel.Watched, ProtectionEngine.Fanotify, "noticed afterwards")]
    public void What_there_is_is_used_and_what_is_missing_is_said(
        int fanotify, int mark, int inotify, ProtectionLevel level, ProtectionEngine engine, string said)
    {
        ModelledSystem system = new()
        {
            Making = made => (made, fanotify, inotify) switch
            {
                (ProtectionEngine.Fanotify, > 0, _) => (null, fanotify),
                (ProtectionEngine.Inotify, _, > 0) => (null, inotify),
                (ProtectionEngine.Fanotify, _, _) => (new ModelledSource(made) { AddFailsWith = mark }, 0),
                _ => (new ModelledSource(made), 0),
            },
        };
        Witness witness = new(system);
        WatchedFile file = new(new Listener());

        Protection protection = witness.TryArm(file, s_noHandle);

        Assert.Equal((level, engine), (protection.Level, protection.Engine));
        Assert.Contains(said, protection.Reason, StringComparison.Ordinal);
        Assert.Equal(level == ProtectionLevel.Watched, witness.IsArmed(file));
    }

    [Fact]
    public void A_file_that_somebody_holds_is_not_disarmed_and_one_that_nobody_holds_is_known_to_be_idle()
    {
        ModelledSystem system = new();
        (Witness witness, WatchedFile file, Listener listener) = Armed(system);

        Assert.False(witness.TryDisarm(file, null, evenIfHeld: false));
        Assert.False(witness.Begin(file, null, KnownLength.None));
        witness.End(file);
        witness.LetGo(file);
        system.Made[0].Change(file, 7);
        witness.ReadAll();
        Assert.Equal(1, listener.Unheld);
        Assert.True(witness.Begin(file, null, KnownLength.None));
        Assert.True(witness.TryDisarm(file, null, evenIfHeld: false));
        witness.End(file);
        Assert.Empty(listener.Heard);
    }

    [Fact]
    public void Of_files_that_were_disarmed_the_last_4096_are_remembered()
    {
        ForgottenKeys keys = new();
        for (int number = 0; number < 5000; number++)
        {
            keys.Add($"{number}");
            keys.Add($"{number}");
        }

        Assert.Equal((false, true, true), (keys.Contains("903"), keys.Contains("904"), keys.Contains("4999")));
    }

    [Fact]
    public void What_waits_when_a_file_is_disarmed_is_told_and_what_waits_twice_is_told_once()
    {
        ModelledSystem system = new()
        {
            Making = static engine => engine == ProtectionEngine.Inotify ? (new ModelledSource(engine), 0) : (null, Errno.EPERM),
        };
        (Witness witness, WatchedFile file, Listener listener) = Armed(system);
        Listener other = new();
        WatchedFile second = new(other);
        _ = witness.Hold(second);
        _ = witness.TryArm(second, s_noHandle);
        foreach (WatchedFile changed in (WatchedFile[])[file, second, file, second])
        {
            system.Made[0].Change(changed, 7);
        }

        Assert.True(witness.TryDisarm(file, null, evenIfHeld: true));

        Assert.Single(listener.Heard);
        Assert.Single(other.Heard);
        Assert.False(witness.IsArmed(file));
        Assert.True(witness.IsArmed(second));
    }

    [Fact]
    public void A_length_counts_only_where_no_operation_has_begun_or_ended_since_it_was_seen()
    {
        (Witness witness, WatchedFile file, _) = Armed(new ModelledSystem());
        BreakRequest write = new()
        {
            File = default,
            Owner = this,
            Operation = LayoutOperation.Write,
            Range = new(0, 500),
            Breaker = "a test",
        };
        KnownLength Seen(long length) => new(witness.StampOf(file), length);

        witness.Begin(file, write, Seen(100));
        witness.End(file);
        Assert.Equal((true, true, false), (witness.MayBe(file, Seen(100)), witness.MayBe(file, Seen(500)), witness.MayBe(file, Seen(300))));
        KnownLength early = Seen(300);
        witness.Begin(file, write, early);
        Assert.True(witness.MayBe(file, Seen(300)));
        witness.End(file);
        Assert.True(witness.MayBe(file, early));
        witness.Begin(file, write, early);
        witness.End(file);
        Assert.True(witness.MayBe(file, Seen(123)));
    }

    private static (Witness Witness, WatchedFile File, Listener Listener) Armed(ModelledSystem system)
    {
        Witness witness = new(system);
        Listener listener = new();
        WatchedFile file = new(listener);
        _ = witness.Hold(file);
        Assert.Equal(ProtectionLevel.Watched, witness.TryArm(file, s_noHandle).Level);
        return (witness, file, listener);
    }

    private static void Check(ImmutableArray<Step> order, ProtectionEngine engine)
    {
        ModelledSystem system = new()
        {
            Making = made => made == engine ? (new ModelledSource(made), 0) : (null, Errno.EPERM),
        };
        (Witness witness, WatchedFile file, Listener listener) = Armed(system);
        ModelledSource source = system.Made[0];
        int inFlight = 0;
        int owed = 0; // changes that have to be told: how many were heard when the last one was made
        int allowed = 0; // how many tellings the steps so far can explain
        int doubts = 0;
        bool isOwed = false;
        foreach (Step step in order)
        {
            switch (step)
            {
                case Step.Begin:
                    witness.Begin(file, null, KnownLength.None);
                    inFlight++;
                    break;
                case Step.OwnChange:
                    source.Change(file, 0);
                    break;
                case Step.End:
                    witness.End(file);
                    inFlight--;
                    break;
                case Step.Read:
                    witness.ReadAll();
                    break;
                case Step.Hold:
                    witness.Hold(file);
                    break;
                case Step.LetGo:
                    witness.LetGo(file);
                    break;
                case Step.Foreign:
                    source.Change(file, 7);
                    allowed++;
                    (isOwed, owed) = engine == ProtectionEngine.Fanotify || inFlight == 0 ? (true, listener.Heard.Count) : (isOwed, owed);
                    doubts += engine == ProtectionEngine.Inotify && inFlight > 0 ? 1 : 0;
                    break;
                case Step.Past:
                    source.Change(file, 0);
                    allowed++;
                    (isOwed, owed) = inFlight == 0 ? (true, listener.Heard.Count) : (isOwed, owed);
                    doubts += engine == ProtectionEngine.Inotify && inFlight > 0 ? 1 : 0;
                    break;
            }
        }

        witness.ReadAll();
        string said = string.Join(' ', order);
        Assert.True(!isOwed || listener.Heard.Count > owed, $"a change was not told: {said}");
        Assert.True(listener.Heard.Count <= allowed, $"more is told than there was: {said}");
        Assert.True(doubts == 0 || listener.Doubts > 0 || listener.Heard.Count > 0, $"a doubt was not looked into: {said}");
        int own = listener.Heard.Count(static seen => seen.Origin == TrespassOrigin.ThisProcess);
        Assert.True(own <= order.Count(static step => step == Step.Past), $"an operation of the library was told: {said}");
    }

    /// <summary>Every way to shuffle scripts into one, each kept in its own order.</summary>
    private static IEnumerable<ImmutableArray<Step>> Orders(Step[][] scripts) =>
        Orders(scripts, [.. scripts.Select(static _ => 0)], ImmutableArray<Step>.Empty);

    private static IEnumerable<ImmutableArray<Step>> Orders(Step[][] scripts, ImmutableArray<int> at, ImmutableArray<Step> so)
    {
        bool isWhole = true;
        for (int i = 0; i < scripts.Length; i++)
        {
            if (at[i] < scripts[i].Length)
            {
                isWhole = false;
                ImmutableArray<int> next = at.SetItem(i, at[i] + 1);
                foreach (ImmutableArray<Step> order in Orders(scripts, next, so.Add(scripts[i][at[i]])))
                {
                    yield return order;
                }
            }
        }

        if (isWhole)
        {
            yield return so;
        }
    }

    private sealed class Listener : IChangeListener
    {
        internal List<SeenTrespass> Heard { get; } = [];

        internal List<string> Losses { get; } = [];

        internal int Doubts { get; private set; }

        internal int Unheld { get; private set; }

        public void Trespassed(SeenTrespass seen) => Heard.Add(seen);

        public void Doubted() => Doubts++;

        void IChangeListener.Unheld() => Unheld++;

        public void Lost(string reason) => Losses.Add(reason);
    }
}
