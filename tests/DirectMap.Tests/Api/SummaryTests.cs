using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DirectMap.Tests.Api;

/// <summary>What an editor shows while somebody types is a sentence; the rest is in the remarks.</summary>
public sealed partial class SummaryTests
{
    [Fact]
    public void A_summary_is_one_sentence()
    {
        string[] longer = [.. from member in XmlDocs.Shipped.Members.Values
                              from summary in XmlDocs.Shipped.WrittenFor(member)
                              where summary.Name == "summary" && (summary.Elements("para").Any() || Sentences(Text(summary)) != 1)
                              select $"{DocId.Of(member)}: {Text(summary)}"];

        Assert.True(longer.Length == 0, $"{longer.Length}:\n" + string.Join('\n', longer));
    }

    [Theory]
    [InlineData("One.", 1)]
    [InlineData("Half of it, which is 1.5 of 3, as in orders.bin.", 1)]
    [InlineData("A number (e.g. 3) etc. of Environment.SystemPageSize.", 1)]
    [InlineData("A list, a table, ... of some.", 1)]
    [InlineData("One. Two.", 2)]
    [InlineData("One (as it is called). two.", 2)]
    [InlineData("One! Two.", 2)]
    [InlineData("None", 0)]
    public void Sentences_are_counted(string text, int count) => Assert.Equal(count, Sentences(text));

    private static int Sentences(string text) => End().Count(NoEnd().Replace(text, ""));

    private static string Text(XElement element) =>
        WhiteSpace().Replace(string.Concat(element.DescendantNodes().Select(Text)), " ").Trim();

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { HasElements: false, Value: "" } reference =>
            ((string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? "").Split('(')[0].Split('.', ':')[^1],
        _ => "",
    };

    [GeneratedRegex(@"\b(e\.g|i\.e|etc)\.|\.\.\.")]
    private static partial Regex NoEnd();

    [GeneratedRegex(@"[.!?][)""]*(\s|$)")]
    private static partial Regex End();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
