using DirectMap.Breakers;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>
/// Random sequences of everything that can happen to a guarded file, against a model that knows what each thread really does. The seed is
/// printed; DIRECTMAP_MODEL_SEED runs one again.
/// </summary>
public sealed class GuardedFileModelTests(ITestOutputHelper output)
{
    private const int Sequences = 3_000;

    private static readonly Arbitrary<Command[]> s_sequences = Arb.From(
        Gen.Frequency(
            (12, Commands(What.Hold)),
            (10, Commands(What.LetGo)),
            (30, Commands(What.Ask)),
            (10, Commands(What.Allow)),
            (8, Commands(What.Deny)),
            (14, Commands(What.Return)),
            (8, Commands(What.TellChanged)),
            (8, Commands(What.TellEnded)),
            (4, Commands(What.BeginProof)),
            (2, Commands(What.FindWriters))).ArrayOf(),
        Shorter);

    private enum What
    {
        Hold,
        LetGo,
        Ask,
        Allow,
        Deny,
        Return,
        TellChanged,
        TellEnded,
        BeginProof,
        FindWriters,
    }

    [Fact]
    public void Nobody_passes_what_is_held_and_whoever_may_still_change_it_is_known()
    {
        ulong seed = Environment.GetEnvironmentVariable("DIRECTMAP_MODEL_SEED") is { Length: > 0 } given
            ? ulong.Parse(given, System.Globalization.CultureInfo.InvariantCulture)
            : (ulong)Random.Shared.NextInt64();
        Dictionary<string, int> seen = [];
        Config config = Config.QuickThrowOnFailure
            .WithMaxTest(Sequences)
            .WithStartSize(5)
            .WithEndSize(80)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)))
            .WithName($"seed {seed}");

        Prop.ForAll(s_sequences, commands => new Run(seen).Do(commands)).Check(config);

        output.WriteLine($"seed {seed}: {string.Join(", ", seen.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.Equal(8, seen.Count);
        Assert.All(seen, pair => Assert.True(pair.Value >= 50, $"{pair.Key} came too rarely to be tested"));
    }

    private static Gen<Command> Commands(What what) =>
        from a in Gen.Choose(0, 999)
        from b in Gen.Choose(0, 999)
        from c in Gen.Choose(0, 999)
        select new Command(what, a, b, c);

    private static IEnumerable<Command[]> Shorter(Command[] commands)
    {
        for (int size = commands.Length / 2; size >= 1; size /= 2)
        {
            for (int at = 0; at + size <= commands.Length; at += size)
            {
                yield return [.. commands[..at], .. commands[(at + size)..]];
            }
        }
    }

    private readonly record struct Command(What What, int A, int B, int C);

    /// <summary>What a thread really does, whatever the file knows of it.</summary>
    private sealed class Actor(int id)
    {
        internal int Id => id;

        internal HeldCall? Waits { get; set; }

        /// <summary>What it was let go for and is in; null when it has returned.</summary>
        internal FileRange? IsIn { get; set; }

        /// <summary>What the file has of it in its list.</summary>
        internal (FileRange Range, HeldCall? Call)? Listed { get; set; }
    }

    private sealed class Run(Dictionary<string, int> seen)
    {
        private const int Page = 4096;
        private const long Size = 8 * Page;
        private const int NoThread = 1 << 28; // Beyond what the kernel numbers.

        private readonly GuardedFile _file = new(new InodeKey(1, 2), new FileTraits(2, true), null!);
        private readonly Actor[] _actors = [.. Enumerable.Range(0, 6).Select(number => new Actor(NoThread + number))];
        private readonly List<FileRange> _holds = [];
        private bool _hasWriters = true;

        internal void Do(Command[] commands)
        {
            foreach (Command command in commands)
            {
                Do(command);
                Check();
            }
        }

        private void Do(Command command)
        {
            Actor actor = _actors[command.A % _actors.Length];
            switch (command.What)
            {
                case What.Hold:
                    FileRange range = RangeOf(command);
                    _file.Hold(range);
                    _holds.Add(range);
                    break;
                case What.LetGo when _holds.Count > 0:
                    _file.LetGo(_holds[command.A % _holds.Count]);
                    _holds.RemoveAt(command.A % _holds.Count);
                    break;
                case What.Ask when actor.Waits is null:
                    Ask(actor, command);
                    break;
                case What.Allow when actor.Waits is { } call:
                    Assert.True(_file.GoOn(call));
                    _file.Answered(call);
                    (actor.Waits, actor.IsIn, actor.Listed) = (null, call.Range, (Joined(actor, call.Range), call));
                    Note("let go");
                    break;
                case What.Deny when actor.Waits is { } call:
                    _file.Answered(call);
                    actor.Waits = null;
                    Note("denied");
                    break;
                case What.Return:
                    actor.IsIn = null; // Nobody is told.
                    break;
                case What.TellChanged when actor is { IsIn: null }:
                    Assert.Same(actor.Listed?.Call, _file.Changed(actor.Id));
                    actor.Listed = actor.Listed is { Call: not null } ? null : actor.Listed;
                    Note("seen done");
                    break;
                case What.TellEnded when actor is { IsIn: null }:
                    TellEnded(actor, command);
                    break;
                case What.BeginProof:
                    _file.BeginProof();
                    _hasWriters = false;
                    break;
                case What.FindWriters:
                    _file.SetHasWriters();
                    _hasWriters = true;
                    break;
            }
        }

        /// <summary>As the group's thread does: the thread's next event is of another call.</summary>
        private void Ask(Actor actor, Command command)
        {
            bool isOpening = command.C % 7 == 0;
            FileRange range = command.C % 5 == 0 ? default : RangeOf(command);
            AskedAccess asked = new(isOpening, actor.Id, isOpening ? default : range, Size);
            FileRange most = isOpening || range.Length == 0 ? FileRange.Whole : range;
            bool isEndHeld = _holds.Exists(held => held.Overlaps(FileRange.From(Size)));
            actor.IsIn = null;

            bool passes = _file.TryPass(ref asked, out HeldCall? ended);

            Assert.Same(actor.Listed?.Call, ended);
            Assert.Equal(!isOpening && !_hasWriters && !isEndHeld && !IsHeld(most), passes);
            if (passes)
            {
                (actor.IsIn, actor.Listed) = (most, (Joined(actor, most), null));
                Note("passes");
                return;
            }

            actor.Listed = ended is null ? actor.Listed : null;

            Assert.Equal(isEndHeld, asked.IsEndHeld);
            if (command.C % 3 == 0)
            {
                Note("harmless");
                return;
            }

            FileRange touched = command.C % 4 == 0 ? FileRange.From(most.Offset) : most;
            JudgedCall judged = new(CallRole.Changes, LayoutOperation.Allocate, touched, "fallocate");
            HeldCall call = new(_file, null!, -1, default, judged, new AskedAccess(false, actor.Id, judged.Range, long.MaxValue));
            Arrival arrival = _file.Arrive(call);
            Assert.Equal(IsHeld(touched) ? Arrival.Waits : Arrival.Passes, arrival);
            if (arrival == Arrival.Waits)
            {
                actor.Waits = call;
                Note("waits");
            }
            else
            {
                (actor.IsIn, actor.Listed) = (touched, (Joined(actor, touched), null));
                Note("passes after it is known");
            }
        }

        /// <summary>Evidence of an earlier thing strikes off nothing that began later.</summary>
        private void TellEnded(Actor actor, Command command)
        {
            if (_file.GoingOnIn(FileRange.Whole)?.Find(one => one.Thread == actor.Id) is not { Thread: > 0 } one)
            {
                return;
            }

            _file.Ended(one with { Number = one.Number - 1 });
            Assert.True(_file.GoesOn(one));
            if (one.Call is { } call && command.C % 2 == 0)
            {
                _file.Ended(call);
            }
            else
            {
                _file.Ended(one);
            }

            Assert.False(_file.GoesOn(one));
            actor.Listed = null;
            Note("found ended");
        }

        private void Check()
        {
            Assert.Equal(_actors.Select(actor => actor.Waits).OfType<HeldCall>().ToHashSet(), _file.Waiting().ToHashSet());
            Assert.Equal(_hasWriters, _file.HasWriters);
            for (int page = 0; page < 10; page++)
            {
                FileRange range = new(page * Page, Page);
                HashSet<int> found = [.. _file.GoingOnIn(range)?.Select(one => one.Thread) ?? []];
                IEnumerable<Actor> listed = _actors.Where(actor => actor.Listed is { } one && one.Range.Overlaps(range));
                Assert.Equal(listed.Select(actor => actor.Id).ToHashSet(), found);
                Assert.All(_actors, actor => Assert.True(
                    actor.IsIn is not { } bytes || !bytes.Overlaps(range) || found.Contains(actor.Id),
                    "2: who changes the bytes is not known"));
            }
        }

        /// <summary>One call may raise several events: what it touches is all of it.</summary>
        private static FileRange Joined(Actor actor, FileRange range)
        {
            if (actor.Listed is not { } before || before.Range.Length == 0 || range.Length == 0)
            {
                return actor.Listed is { } other && range.Length == 0 ? other.Range : range;
            }

            long start = Math.Min(before.Range.Offset, range.Offset);
            return new FileRange(start, Math.Max(before.Range.End, range.End) - start);
        }

        private bool IsHeld(FileRange range) => _holds.Exists(held => held.Overlaps(range));

        private static FileRange RangeOf(Command command) => (command.B % 9) switch
        {
            0 => FileRange.Whole,
            1 => FileRange.From(command.B % 10 * Page),
            _ => new FileRange(command.B % 10 * Page, (1 + (command.C % 3)) * Page),
        };

        private void Note(string what) => seen[what] = seen.GetValueOrDefault(what) + 1;
    }
}
