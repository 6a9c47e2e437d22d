using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace DirectMap.Tests.Api;

/// <summary>XML documentation as Markdown on the page of one type.</summary>
internal sealed partial class Markdown(Type page)
{
    /// <summary>Blocks: paragraphs, lists and code, with empty lines between.</summary>
    internal string Block(XElement? element)
    {
        if (element is null)
        {
            return "";
        }

        StringBuilder text = new();
        StringBuilder line = new();
        foreach (XNode node in element.Nodes())
        {
            switch (node)
            {
                case XElement { Name.LocalName: "para" } paragraph:
                    End();
                    text.Append(Collapsed(string.Concat(paragraph.Nodes().Select(Inline)))).Append("\n\n");
                    break;
                case XElement { Name.LocalName: "code" } code:
                    End();
                    text.Append($"```csharp\n{code.Value.Trim('\n')}\n```\n\n");
                    break;
                case XElement { Name.LocalName: "list" } list:
                    End();
                    text.AppendJoin('\n', list.Elements("item").Select(item => $"* {Item(item)}")).Append("\n\n");
                    break;
                default:
                    line.Append(Inline(node));
                    break;
            }
        }

        End();
        return text.ToString().Trim();

        void End()
        {
            string paragraph = Collapsed(line.ToString());
            text.Append(paragraph.Length == 0 ? "" : paragraph + "\n\n");
            line.Clear();
        }
    }

    /// <summary>On one line, for a list or a table.</summary>
    internal string Line(XElement? element) => Collapsed(Block(element));

    /// <summary>On one line of a table.</summary>
    internal string Cell(XElement? element) => Line(element).Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>A name with a link to where it is described; without one for what is not this library's.</summary>
    internal string Link(string id)
    {
        if (XmlDocs.Shipped.Members.GetValueOrDefault(id) is not { } member)
        {
            // "M:System.Diagnostics.Trace.TraceError(System.String)" as Trace.TraceError, "T:System.Progress`1" as Progress.
            string[] parts = id[2..].Split('(')[0].Split('.');
            return $"`{string.Join('.', id[0] == 'T' ? parts[^1..] : parts[^2..]).Split('`')[0]}`";
        }

        Type type = member as Type ?? member.DeclaringType!;
        string name = member == type ? TypeNames.Of(type) : type == page ? Name(member) : $"{TypeNames.Of(type)}.{Name(member)}";
        string address = (type == page && member != type ? "" : FileOf(type))
            + (member == type || type.IsEnum ? "" : "#" + Anchor(Heading(member)));
        return member == page || (type == page && type.IsEnum)
            ? $"`{name}`"
            : $"[{Escape(name)}]({(address.Length == 0 ? FileOf(type) : address)})";
    }

    internal static string FileOf(Type type) => type.Name.Replace('`', '-') + ".md";

    /// <summary>The name, and the parameters where there are several of that name.</summary>
    internal static string Heading(MemberInfo member)
    {
        bool isOverloaded = PublicMembers.Of(member.DeclaringType!).Count(other => other.Name == member.Name) > 1;
        string parameters = member is MethodBase && (isOverloaded || member is ConstructorInfo)
            ? $"({string.Join(", ", XmlDocs.Parameters(member).Select(parameter => TypeNames.Of(parameter.ParameterType)))})"
            : "";
        return Name(member) + parameters;
    }

    /// <summary>As the page's viewer makes one from a heading.</summary>
    internal static string Anchor(string heading) => NotInAnchor().Replace(heading.ToLowerInvariant(), "").Replace(' ', '-');

    internal static string Escape(string text) => Special().Replace(text, "\\$0");

    private static string Name(MemberInfo member) => member switch
    {
        ConstructorInfo => $"new {TypeNames.Of(member.DeclaringType!)}", // The page has the name itself as its title.
        MethodInfo { IsGenericMethodDefinition: true } generic =>
            $"{generic.Name}<{string.Join(", ", generic.GetGenericArguments().Select(type => type.Name))}>",
        _ => member.Name,
    };

    private static string Collapsed(string text) => WhiteSpace().Replace(text, " ").Trim();

    private string Item(XElement item) =>
        item.Element("term") is { } term ? $"{Line(term)}: {Line(item.Element("description"))}" : Line(item.Element("description") ?? item);

    private string Inline(XNode node) => node switch
    {
        XText text => Escape(text.Value),
        XElement { Name.LocalName: "see" or "seealso" } see when see.Attribute("cref") is { } reference => Link(reference.Value),
        XElement { Name.LocalName: "see" or "seealso" } see when see.Attribute("langword") is { } word => $"`{word.Value}`",
        XElement { Name.LocalName: "see" or "seealso" } see when see.Attribute("href") is { } address =>
            $"[{(see.Value.Length == 0 ? address.Value : Escape(see.Value))}]({address.Value})",
        XElement { Name.LocalName: "paramref" or "typeparamref" } parameter => $"`{parameter.Attribute("name")!.Value}`",
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement element => string.Concat(element.Nodes().Select(Inline)),
        _ => "",
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"[*<>`]")]
    private static partial Regex Special();
}
