using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using DirectMap.Telemetry;

namespace DirectMap.Tests.Telemetry;

/// <summary>The names are OpenTelemetry's way: its semantic conventions, "Metrics", general guidelines.</summary>
public sealed partial class InstrumentNameTests
{
    private static readonly string[] s_units =
    [
        "byte", "bytes", "by", "kb", "mb", "second", "seconds", "s", "ms", "us", "ns", "millisecond", "milliseconds", "percent",
    ];

    [Fact]
    public void Each_name_is_lower_case_words_under_the_librarys_namespace() =>
        AllInstruments(instrument => Assert.Matches(Name(), instrument.Name));

    [Fact]
    public void No_name_has_a_unit_in_it_nor_says_that_it_counts() => AllInstruments(instrument =>
    {
        string[] words = instrument.Name.Split('.', '_');
        Assert.Empty(words.Intersect(s_units));
        Assert.Empty(words.Intersect(["count", "counter", "total", "number"]));
    });

    [Fact]
    public void What_is_counted_is_plural_and_its_unit_one_of_it_in_braces() => AllInstruments(instrument =>
    {
        bool isCountable = instrument.Unit!.StartsWith('{');
        string last = instrument.Name.Split('.')[^1];
        Assert.Equal(isCountable, last.EndsWith('s'));
        if (isCountable)
        {
            string one = instrument.Unit.Trim('{', '}');
            Assert.EndsWith(one + (one.EndsWith('s') ? "es" : "s"), last, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void Durations_are_in_seconds_and_end_with_that_word() => AllInstruments(instrument =>
        Assert.Equal(
            instrument is Histogram<double>, instrument.Unit == "s" && instrument.Name.EndsWith(".duration", StringComparison.Ordinal)));

    [Fact]
    public void No_name_is_the_namespace_of_another()
    {
        string[] names = [.. Published().Select(instrument => instrument.Name)];

        Assert.All(names, name => Assert.DoesNotContain(names, other => other.StartsWith(name + ".", StringComparison.Ordinal)));
    }

    private static void AllInstruments(Action<Instrument> rule)
    {
        Instrument[] published = Published();
        Assert.Equal(13, published.Length); // none is missed
        Assert.All(published, rule);
    }

    private static Instrument[] Published()
    {
        using RecordedMeasurements measurements = new();
        _ = Instruments.Of(measurements);
        return [.. measurements.Published];
    }

    [GeneratedRegex(@"^directmap(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$")]
    private static partial Regex Name();
}
