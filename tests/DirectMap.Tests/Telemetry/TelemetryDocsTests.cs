using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using DirectMap.Telemetry;
using DirectMap.Tests.Infrastructure;
using Microsoft.Extensions.Logging;

namespace DirectMap.Tests.Telemetry;

/// <summary>The tables of docs/telemetry.md are what the code does.</summary>
public sealed partial class TelemetryDocsTests
{
    [Fact]
    public void Every_message_is_listed_as_it_is_under_its_category()
    {
        List<string> documented = [];
        string category = "";
        foreach (string line in Lines())
        {
            if (Category().Match(line) is { Success: true } heading)
            {
                category = heading.Groups[1].Value;
            }
            else if (EventRow().Match(line) is { Success: true } row)
            {
                documented.Add($"{category} {row.Groups[1]} {row.Groups[2]} {row.Groups[3]} {row.Groups[4]}");
            }
        }

        Assert.Equal(Messages().Select(message => message.Text), documented);
    }

    [Fact]
    public void Ids_and_names_are_unique_and_each_category_keeps_to_its_ids()
    {
        (string Text, string Category, int Id, string Name)[] messages = [.. Messages()];

        Assert.Equal(messages.Length, messages.Select(message => message.Id).Distinct().Count());
        Assert.Equal(messages.Length, messages.Select(message => message.Name).Distinct().Count());
        Assert.All(messages, message => Assert.InRange(
            message.Id,
            message.Category switch { LeaseMessages.Category => 1, RegionMessages.Category => 20, _ => 40 },
            message.Category switch { LeaseMessages.Category => 19, RegionMessages.Category => 39, _ => 59 }));
    }

    [Fact]
    public void Every_instrument_is_listed_with_its_type_unit_and_meaning()
    {
        using RecordedMeasurements measurements = new();
        _ = Instruments.Of(measurements);

        string[] documented = [.. Lines().Select(line => InstrumentRow().Match(line)).Where(row => row.Success)
            .Select(row => $"{row.Groups[1]} {row.Groups[2]} {row.Groups[3]} {row.Groups[4]}")];

        Assert.Equal(measurements.Published.Select(Describe), documented);
    }

    [Fact]
    public void Every_outcome_and_activity_is_listed()
    {
        string text = string.Join('\n', Lines());
        Exception?[] failures =
        [
            null,
            new LeaseConflictException { Conflict = LeaseConflict.WouldBlock, Detail = "" },
            new LeaseConflictException { Conflict = LeaseConflict.Busy, Detail = "" },
            new LeaseConflictException { Conflict = LeaseConflict.RevocationFailed, Detail = "" },
            new TimeoutException(), new OperationCanceledException(), new ThreadInterruptedException(), new IOException(),
        ];

        Assert.All(failures, failure => Assert.Contains($"`{TagNames.OutcomeOf(failure)}`", text, StringComparison.Ordinal));
        Assert.Contains($"| `{Tracing.BreakActivity}` |", text, StringComparison.Ordinal);
        Assert.Contains($"| `{Tracing.PrepareActivity}` |", text, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Text, string Category, int Id, string Name)> Messages()
    {
        foreach ((Type type, string category) in new[]
        {
            (typeof(LeaseMessages), LeaseMessages.Category),
            (typeof(RegionMessages), RegionMessages.Category),
            (typeof(FileMessages), FileMessages.Category)
        })
        {
            foreach (MethodInfo method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (method.GetCustomAttribute<LoggerMessageAttribute>() is { } message)
                {
                    yield return (
                        $"{category} {message.EventId} {method.Name} {message.Level} {message.Message}",
                        category,
                        message.EventId,
                        method.Name);
                }
            }
        }
    }

    private static string Describe(Instrument instrument) =>
        $"{instrument.Name} {instrument.GetType().Name.Split('`')[0]} {instrument.Unit} {instrument.Description}";

    private static string[] Lines() => File.ReadAllLines(Path.Combine(Repository.Root, "docs", "telemetry.md"));

    [GeneratedRegex("^Category `([A-Za-z.]+)`")]
    private static partial Regex Category();

    [GeneratedRegex(@"^\| (\d+) \| `(\w+)` \| (\w+) \| `(.+)` \|$")]
    private static partial Regex EventRow();

    [GeneratedRegex(@"^\| `(directmap[\w.]+)` \| (\w+) \| `([^`]+)` \|[^|]*\| ([^|]+) \|$")]
    private static partial Regex InstrumentRow();
}
