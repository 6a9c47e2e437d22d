using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// The journeys in docs/architecture.md: each step is a method of the library and lies in the room that the page says, each step leads to
/// the next one, and no room is entered twice without a reason.
/// </summary>
public sealed partial class JourneyTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    /// <summary>The native library, which has one room.</summary>
    private const string Native = "Native";

    /// <summary>How many calls a step may stand for.</summary>
    private const int Calls = 4;

    /// <summary>What is called from outside of the library: by the user, and by the pool.</summary>
    private static readonly string[] s_called = ["MappedRegion.Read", "UserCallback.Execute"];

    private readonly CallGraph _graph = new(library.Library);

    [Fact]
    public void The_page_shows_three_journeys() => Assert.Equal(3, Journey.All().Count);

    [Fact]
    public void Each_step_lies_in_the_room_that_the_page_says() =>
        AssertNone(
            from journey in Journey.All()
            from step in journey.Steps
            let rooms = RoomsOf(step)
            where !rooms.Contains(step.Room)
            select $"{journey.Name}: {step.Method} is not in {step.Room} but in '{string.Join(',', rooms)}'");

    [Fact]
    public void Each_step_leads_to_the_next_one() =>
        AssertNone(
            from journey in Journey.All()
            from pair in journey.Steps.Zip(journey.Steps.Skip(1))
            where !pair.Second.IsOnAnotherThread && !Leads(pair.First, pair.Second)
            select $"{journey.Name}: {pair.First.Method} does not lead to {pair.Second.Method}");

    [Fact]
    public void Who_goes_on_elsewhere_comes_from_where_the_page_says_or_is_the_user() =>
        AssertNone(
            from journey in Journey.All()
            from step in journey.Steps.Skip(1)
            where step.IsOnAnotherThread
                && (step.From is { } origin ? _graph.Distance(origin, step.Method, Calls) is null : !s_called.Contains(step.Method))
            select $"{journey.Name}: {step.From ?? "nobody"} does not lead to {step.Method}");

    [Fact]
    public void A_room_is_entered_again_only_with_a_reason()
    {
        foreach (Journey journey in Journey.All())
        {
            HashSet<string> left = [];
            string? here = null;
            foreach (Step step in journey.Steps)
            {
                bool isAgain = step.Room != here && !left.Add(step.Room);
                here = step.Room;
                Assert.True(isAgain == step.IsAgain, $"{journey.Name}: {step.Room} at {step.Method} is entered again: {isAgain}");
            }
        }
    }

    private static void AssertNone(IEnumerable<string> wrong)
    {
        string all = string.Join('\n', wrong);
        Assert.True(all.Length == 0, all);
    }

    private IReadOnlyCollection<string> RoomsOf(Step step) =>
        step.Room != Native ? _graph.RoomsOf(step.Method) : BodyOf(step.Method).Length != 0 ? [Native] : [];

    private bool Leads(Step from, Step to) => from.Room == Native
        ? Regex.IsMatch(BodyOf(from.Method), $@"\b{to.Method}\(")
        : _graph.Distance(from.Method, to.Method, Calls) is not null;

    /// <summary>Of a function of the native library; empty where there is none.</summary>
    private static string BodyOf(string function)
    {
        IEnumerable<string> bodies =
            from file in Sizes.Sources("src/DirectMap.Native", ".c")
            let match = Regex.Match(
                File.ReadAllText(Repository.File(file)),
                $@"^\w[\w *]*\b{function}\([^;{{]*\)\n\{{.*?^\}}",
                RegexOptions.Multiline | RegexOptions.Singleline)
            where match.Success
            select match.Value;
        return bodies.FirstOrDefault("");
    }

    /// <param name="Room">As in the table of rooms, or <see cref="Native"/>.</param>
    /// <param name="Method">As in the source: Type.Member.</param>
    /// <param name="IsOnAnotherThread">It is not called by the step before it.</param>
    /// <param name="IsAgain">A reason is given why its room is entered again.</param>
    /// <param name="From">What leads to it where the step before does not; null: the user's code does, or the step before.</param>
    private sealed record Step(string Room, string Method, bool IsOnAnotherThread, bool IsAgain, string? From);

    private sealed partial record Journey(string Name, IReadOnlyList<Step> Steps)
    {
        private const string Begin = "journey: ";

        internal static List<Journey> All()
        {
            List<Journey> journeys = [];
            string[] page = RoomTable.Page();
            for (int i = 0; i < page.Length; i++)
            {
                if (page[i].StartsWith(Begin, StringComparison.Ordinal))
                {
                    journeys.Add(new Journey(page[i][Begin.Length..], Read([.. page.Skip(i + 1).TakeWhile(line => line != "```")])));
                }
            }

            return journeys;
        }

        private static List<Step> Read(string[] lines)
        {
            List<Step> steps = [];
            string room = "";
            string? from = null;
            bool isOther = true;
            foreach (string line in lines.Where(line => line.Length > 0))
            {
                if (StepLine().Match(line) is { Success: true } step)
                {
                    room = step.Groups[1].Length > 0 ? step.Groups[1].Value : room;
                    steps.Add(new Step(room, step.Groups[2].Value, isOther, IsAgain: false, from));
                    (isOther, from) = (false, null);
                }
                else if (line.TrimStart().StartsWith("again: ", StringComparison.Ordinal))
                {
                    steps[^1] = steps[^1] with { IsAgain = true };
                }
                else
                {
                    Assert.StartsWith("-- ", line, StringComparison.Ordinal);
                    isOther = true;
                    from = Origin().Match(line) is { Success: true } origin ? origin.Groups[1].Value : null;
                }
            }

            return steps;
        }

        [GeneratedRegex(@"^([A-Z]\w*)? +((?:[A-Z]\w*\.)+\w+|[a-z_]+)  ")]
        private static partial Regex StepLine();

        [GeneratedRegex(@", from ((?:[A-Z]\w*\.)+\w+)$")]
        private static partial Regex Origin();
    }
}
