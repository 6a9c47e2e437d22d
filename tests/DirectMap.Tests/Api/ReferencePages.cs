using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace DirectMap.Tests.Api;

/// <summary>The API reference: a page for each type, and an index.</summary>
internal static class ReferencePages
{
    private static readonly XmlDocs s_docs = XmlDocs.Shipped;

    /// <summary>File names and texts.</summary>
    internal static Dictionary<string, string> All()
    {
        Dictionary<string, string> pages = PublicMembers.Types.ToDictionary(Markdown.FileOf, Page);
        pages.Add("README.md", Index());
        return pages;
    }

    private static string Index()
    {
        StringBuilder text = new();
        text.Append("# API reference\n\n");
        text.Append(
            "Made from the code and its documentation comments, and compared with them by the tests; so do not edit it, but run "
                + "`DIRECTMAP_ACCEPT_API=1 dotnet test --filter FullyQualifiedName~DirectMap.Tests.Api` after a change. ");
        text.Append("The whole of it as declarations: ");
        text.AppendJoin(", ", PublicMembers.Assemblies.Select(assembly => $"[{assembly.GetName().Name}]({assembly.GetName().Name}.txt)"))
            .Append(".\n\n");
        text.Append(
            "Offsets and lengths are in bytes unless a member says otherwise. An errno in parentheses is what "
                + "`HResult` of the exception is.\n");
        ILookup<string, Type> byName = PublicMembers.Types.ToLookup(type => type.Name);
        foreach ((string title, string about, string[] types) in ReferenceThemes.All)
        {
            Section(title, about, types.SelectMany(name => byName[name]));
        }

        foreach (IGrouping<string?, Type> rest in PublicMembers.Types.Where(type => !ReferenceThemes.Has(type))
            .GroupBy(type => type.Namespace))
        {
            Section(rest.Key!, "", rest);
        }

        return text.ToString();

        void Section(string title, string about, IEnumerable<Type> types)
        {
            text.Append($"\n## {title}\n\n{about}{(about.Length == 0 ? "" : "\n\n")}| type | |\n|---|---|\n");
            foreach (Type type in types)
            {
                text.Append($"| [{Markdown.Escape(TypeNames.Of(type))}]({Markdown.FileOf(type)}) | {Brief(type, typeof(void))} |\n");
            }
        }
    }

    private static string Page(Type type)
    {
        Markdown markdown = new(type);
        XElement docs = s_docs.Of(type);
        StringBuilder text = new();
        text.Append($"# {Markdown.Escape(TypeNames.Of(type))}\n\n[API reference](README.md) · {type.Assembly.GetName().Name}\n\n");
        AppendTexts(text, markdown, docs);
        text.Append($"```csharp\n{Declarations.Of(type)}\n```\n");
        MemberInfo[] members = [.. PublicMembers.Of(type).Where(member => s_docs.Of(member).HasElements)];
        if (type.IsEnum)
        {
            text.Append("\n| value | | |\n|---|---|---|\n");
            foreach (MemberInfo member in members)
            {
                string[] declared = Declarations.Of(member).Split(" = ");
                text.Append($"| `{declared[0]}` | {declared[1]} | {Value(s_docs.Of(member))} |\n");
            }

            return text.ToString();

            string Value(XElement docs) =>
                $"{markdown.Cell(docs.Element("summary"))} {markdown.Cell(docs.Element("remarks"))}".TrimEnd();
        }

        if (members.Length > 1)
        {
            text.Append("\n| member | |\n|---|---|\n");
            foreach (MemberInfo member in members)
            {
                string heading = Markdown.Heading(member);
                text.Append($"| [{Markdown.Escape(heading)}](#{Markdown.Anchor(heading)}) | {Brief(member, type)} |\n");
            }
        }

        foreach (MemberInfo member in members)
        {
            AppendMember(text, markdown, member);
        }

        return text.ToString();
    }

    private static void AppendMember(StringBuilder text, Markdown markdown, MemberInfo member)
    {
        XElement docs = s_docs.Of(member);
        string? value = member switch
        {
            PropertyInfo property => DefaultValues.Of(property),
            FieldInfo field => DefaultValues.Of(field),
            _ => null,
        };
        text.Append(
            $"\n## {Markdown.Escape(Markdown.Heading(member))}\n\n"
                + $"```csharp\n{Declarations.Of(member)}{(value is null ? "" : $" // {value}")}\n```\n\n");
        AppendTexts(text, markdown, docs);
        IEnumerable<XElement> parameters = docs.Elements("typeparam").Concat(docs.Elements("param").OrderBy(element =>
            Array.FindIndex(XmlDocs.Parameters(member), parameter => parameter.Name == (string)element.Attribute("name")!)));
        AppendTable(text, "parameter", parameters.Select(element => ($"`{(string)element.Attribute("name")!}`", element)), markdown);
        if (docs.Element("returns") is { } returns)
        {
            text.Append($"Returns: {markdown.Line(returns)}\n\n");
        }

        AppendTable(
            text,
            "exception",
            docs.Elements("exception").Select(element => (markdown.Link((string)element.Attribute("cref")!), element)),
            markdown);
        text.Length = text.ToString().TrimEnd().Length;
        text.Append('\n');
    }

    private static void AppendTexts(StringBuilder text, Markdown markdown, XElement docs)
    {
        foreach (XElement element in docs.Elements("summary").Concat(docs.Elements("remarks")).Concat(docs.Elements("example")))
        {
            text.Append(markdown.Block(element)).Append("\n\n");
        }
    }

    private static void AppendTable(StringBuilder text, string title, IEnumerable<(string Name, XElement Text)> rows, Markdown markdown)
    {
        (string Name, XElement Text)[] all = [.. rows];
        if (all.Length == 0)
        {
            return;
        }

        text.Append($"| {title} | |\n|---|---|\n");
        foreach ((string name, XElement about) in all)
        {
            text.Append($"| {name} | {markdown.Cell(about)} |\n");
        }

        text.Append('\n');
    }

    /// <summary>The first sentence of the summary.</summary>
    private static string Brief(MemberInfo member, Type page)
    {
        string summary = new Markdown(page).Block(s_docs.Of(member).Element("summary")).Split('\n')[0];
        int end = summary.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? summary : summary[..(end + 1)]).Replace("|", "\\|", StringComparison.Ordinal);
    }
}
