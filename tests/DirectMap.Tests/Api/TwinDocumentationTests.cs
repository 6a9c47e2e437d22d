using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DirectMap.Tests.Api;

/// <summary>
/// Each text stands once: an async method inherits what its synchronous twin says and adds what is its own, and so does whatever else
/// inherits. Each test names every member that breaks the rule.
/// </summary>
public sealed partial class TwinDocumentationTests
{
    private const string Async = "Async";

    private static readonly XmlDocs s_docs = XmlDocs.Shipped;

    /// <summary>Async methods that are no twins of the method with their name, each with the reason.</summary>
    private static readonly Dictionary<string, string> s_noTwins = new()
    {
        ["MappedRegion.DisposeAsync"] = "It waits for open scopes, as ReleaseAsync does; Dispose does not.",
    };

    private static readonly (MethodInfo Async, MethodInfo Twin)[] s_twins =
    [
        .. from method in s_docs.Members.Values.OfType<MethodInfo>()
           let twin = TwinOf(method)
           where twin is not null && !s_noTwins.ContainsKey(Name(method))
           select (method, twin),
    ];

    [Fact]
    public void An_async_method_inherits_the_documentation_of_its_twin() => HasNone(
        from pair in s_twins
        where !Inherits(pair.Async, pair.Twin)
        select $"{Name(pair.Async)} does not inherit from {DocId.Of(pair.Twin)}");

    [Fact]
    public void An_async_method_repeats_no_text_of_its_twin() => HasNone(
        from pair in s_twins
        from own in s_docs.WrittenFor(pair.Async)
        where Says(pair.Twin, own)
        select $"{Name(pair.Async)}: {own}");

    [Fact]
    public void No_text_is_written_that_would_be_inherited_anyway() => HasNone(
        from member in s_docs.Members.Values
        from source in SourcesOf(member)
        from own in s_docs.WrittenFor(member)
        where Says(source, own)
        select $"{Name(member)}: {own}");

    /// <summary>
    /// An editor puts what is inherited in the place of inheritdoc and shows the first text that it finds, so a text that is to replace an
    /// inherited one has to stand before. (Exceptions add up there.)
    /// </summary>
    [Fact]
    public void What_replaces_an_inherited_text_stands_before_inheritdoc() => HasNone(
        from member in s_docs.Members.Values
        let written = s_docs.WrittenFor(member).ToArray()
        from inherit in written
        where inherit.Name == "inheritdoc" && MemberAt(XmlDocs.SourceOf(inherit, member)) is not null
        let inherited = s_docs.Of(MemberAt(XmlDocs.SourceOf(inherit, member))!).Elements().Select(XmlDocs.Key).ToHashSet()
        from own in inherit.ElementsAfterSelf()
        where own.Name != "exception" && own.Name != "inheritdoc" && inherited.Contains(XmlDocs.Key(own))
        select $"{Name(member)}: {own}");

    /// <summary>What the compiler's CS1573 would check, if it knew inheritdoc; also of what is not public.</summary>
    [Fact]
    public void Who_documents_a_parameter_documents_all_or_inherits_the_rest() => HasNone(
        from written in s_docs.Written
        where written.Id.StartsWith("M:", StringComparison.Ordinal) && written.Comment.Element("inheritdoc") is null
        let documented = written.Comment.Elements("param").Count()
        where documented > 0 && documented != ParameterCount(written.Id)
        select $"{written.Id}: {documented} of {ParameterCount(written.Id)}");

    /// <summary>The reader that all of this and the reference rest on.</summary>
    [Fact]
    public void A_parameter_of_its_own_replaces_the_inherited_one_and_the_others_are_inherited()
    {
        MethodInfo twin = typeof(DirectFile).GetMethod(nameof(DirectFile.Prepare))!;
        MethodInfo method = typeof(DirectFile).GetMethod(nameof(DirectFile.PrepareAsync))!;

        Assert.Equal(["cancellationToken", "options"], Parameters(s_docs.Of(method)).Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Parameters(s_docs.Of(twin))["options"], Parameters(s_docs.Of(method))["options"]);
        Assert.NotEqual(Parameters(s_docs.Of(twin))["cancellationToken"], Parameters(s_docs.Of(method))["cancellationToken"]);
        Assert.Equal(Text(s_docs.Of(twin).Element("summary")!), Text(s_docs.Of(method).Element("summary")!));

        static Dictionary<string, string> Parameters(XElement docs) =>
            docs.Elements("param").ToDictionary(element => (string)element.Attribute("name")!, Text);
    }

    [Fact]
    public void There_are_twins() => Assert.True(s_twins.Length > 20, $"{s_twins.Length} were found.");

    /// <summary>
    /// From the twin itself; or from the async method of a pair whose other one the twin inherits from, as where a class implements both
    /// methods of an interface.
    /// </summary>
    private static bool Inherits(MethodInfo method, MethodInfo twin)
    {
        MemberInfo[] sources = [.. SourcesOf(method)];
        return sources.Contains(twin)
            || sources.OfType<MethodInfo>().Any(source => TwinOf(source) is { } other && SourcesOf(twin).Contains(other));
    }

    private static IEnumerable<MemberInfo> SourcesOf(MemberInfo member) =>
        from element in s_docs.WrittenFor(member)
        where element.Name == "inheritdoc"
        let source = MemberAt(XmlDocs.SourceOf(element, member))
        where source is not null
        select source;

    private static MemberInfo? MemberAt(string? id) => id is null ? null : s_docs.Members.GetValueOrDefault(id);

    /// <summary>The method of the same name without Async; of several the one whose parameters are most like this one's.</summary>
    private static MethodInfo? TwinOf(MethodInfo method)
    {
        if (!method.Name.EndsWith(Async, StringComparison.Ordinal))
        {
            return null;
        }

        HashSet<string?> own = [.. method.GetParameters().Select(parameter => parameter.Name)];
        return s_docs.Members.Values.OfType<MethodInfo>()
            .Where(twin => twin.DeclaringType == method.DeclaringType && twin.Name == method.Name[..^Async.Length])
            .MaxBy(twin => twin.GetParameters().Sum(parameter => own.Contains(parameter.Name) ? 1 : -1));
    }

    private static bool Says(MemberInfo member, XElement text) =>
        text.Name != "inheritdoc"
        && s_docs.Of(member).Elements().Any(other => XmlDocs.Key(other) == XmlDocs.Key(text) && Text(other) == Text(text));

    private static string Text(XElement element) => WhiteSpace().Replace(string.Concat(element.Nodes()), " ").Trim();

    /// <summary>"M:DirectMap.FileRange.From(System.Int64)" has one; the commas of type arguments are not counted.</summary>
    private static int ParameterCount(string id)
    {
        int depth = 0;
        int commas = 0;
        foreach (char at in id)
        {
            depth += at is '{' or '[' ? 1 : at is '}' or ']' ? -1 : 0;
            commas += at == ',' && depth == 0 ? 1 : 0;
        }

        return id.Contains('(', StringComparison.Ordinal) ? commas + 1 : 0;
    }

    private static void HasNone(IEnumerable<string> found)
    {
        string[] all = [.. found.Distinct()];
        Assert.True(all.Length == 0, $"{all.Length}:\n" + string.Join('\n', all));
    }

    private static string Name(MemberInfo member) =>
        member is Type type ? TypeNames.Of(type) : $"{TypeNames.Of(member.DeclaringType!)}.{member.Name}";

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
