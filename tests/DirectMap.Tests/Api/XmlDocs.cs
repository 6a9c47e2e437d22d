using System.Reflection;
using System.Xml.Linq;

namespace DirectMap.Tests.Api;

/// <summary>
/// The XML documentation that is shipped beside the assemblies. In the files inheritdoc stands as it was written; here it is
/// resolved, as an editor does.
/// </summary>
internal sealed class XmlDocs
{
    private readonly Dictionary<string, XElement> _written = [];
    private readonly Dictionary<string, MemberInfo> _members = [];

    private XmlDocs()
    {
        foreach (Assembly assembly in PublicMembers.Assemblies)
        {
            foreach (XElement member in XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"), LoadOptions.PreserveWhitespace)
                .Descendants("member"))
            {
                _written.Add((string)member.Attribute("name")!, member);
            }
        }

        foreach (MemberInfo member in PublicMembers.Types.SelectMany(type => PublicMembers.Of(type).Prepend(type)))
        {
            _members.Add(DocId.Of(member), member);
        }
    }

    internal static XmlDocs Shipped { get; } = new();

    /// <summary>The types and members that are public, by their names in the documentation.</summary>
    internal IReadOnlyDictionary<string, MemberInfo> Members => _members;

    /// <summary>
    /// What is known of a member: summary, remarks, param, typeparam, returns, exception. Empty where nothing was written.
    /// </summary>
    internal XElement Of(MemberInfo member)
    {
        XElement resolved = new("member", Resolve(DocId.Of(member), member, []));
        ParameterInfo[] parameters = Parameters(member);
        string[] types = member is MethodInfo { IsGenericMethodDefinition: true } generic
            ? [.. generic.GetGenericArguments().Select(type => type.Name)]
            : member is Type type ? [.. type.GetGenericArguments().Select(one => one.Name)]
            : [];

        // What was inherited may be about parameters and results that this member has not.
        resolved.Elements("param")
            .Where(element => member is not Type && !parameters.Any(parameter => parameter.Name == (string)element.Attribute("name")!))
            .ToList()
            .ForEach(element => element.Remove());
        resolved.Elements("typeparam").Where(element => !types.Contains((string)element.Attribute("name")!)).ToList()
            .ForEach(element => element.Remove());
        if (!Returns(member))
        {
            resolved.Elements("returns").Remove();
        }

        return resolved;
    }

    /// <summary>The elements of a member's own comment, inheritdoc among them, in their order.</summary>
    internal IEnumerable<XElement> WrittenFor(MemberInfo member) => _written.GetValueOrDefault(DocId.Of(member))?.Elements() ?? [];

    /// <summary>The comments of every member that has one, also of those that are not public.</summary>
    internal IEnumerable<(string Id, XElement Comment)> Written => _written.Select(entry => (entry.Key, entry.Value));

    /// <summary>
    /// What an inheritdoc in a member's comment stands for: the member that it names, or else the one that is implemented or overridden.
    /// </summary>
    internal static string? SourceOf(XElement inherit, MemberInfo? member) =>
        (string?)inherit.Attribute("cref") ?? (member is null ? null : Inherited(member));

    /// <summary>
    /// An element's name and what it is about: an element of the same name and about the same thing replaces the inherited one.
    /// </summary>
    internal static (string Name, string? About) Key(XElement element) =>
        (element.Name.LocalName, (string?)element.Attribute("name") ?? (string?)element.Attribute("cref"));

    internal static ParameterInfo[] Parameters(MemberInfo member) => member switch
    {
        MethodBase method => method.GetParameters(),
        PropertyInfo property => property.GetIndexParameters(),
        Type type when type.IsSubclassOf(typeof(Delegate)) => type.GetMethod("Invoke")!.GetParameters(),
        _ => [],
    };

    internal static bool Returns(MemberInfo member) => member is MethodInfo method && method.ReturnType != typeof(void)
        && method.ReturnType != typeof(Task) && method.ReturnType != typeof(ValueTask);

    private List<XElement> Resolve(string id, MemberInfo? member, HashSet<string> seen)
    {
        if (!_written.TryGetValue(id, out XElement? written) || !seen.Add(id))
        {
            return [];
        }

        List<XElement> elements =
            [.. written.Elements().Where(element => element.Name != "inheritdoc").Select(element => WithInherited(element, member))];
        foreach (XElement inherit in written.Elements("inheritdoc"))
        {
            if (SourceOf(inherit, member) is { } source)
            {
                HashSet<(string, string?)> own = [.. elements.Select(Key)];
                elements.AddRange(Resolve(source, _members.GetValueOrDefault(source), seen).Where(element => !own.Contains(Key(element))));
            }
        }

        return elements;
    }

    /// <summary>An element whose text begins with that of the same element elsewhere: an inheritdoc within it stands for that.</summary>
    private XElement WithInherited(XElement element, MemberInfo? member)
    {
        XElement whole = new(element);
        foreach (XElement inherit in whole.Elements("inheritdoc").ToArray())
        {
            string source = SourceOf(inherit, member)!;
            XElement? there = Resolve(source, _members.GetValueOrDefault(source), []).FirstOrDefault(one => Key(one) == Key(element));
            inherit.ReplaceWith(there is null ? [] : [.. there.Nodes(), new XText(" ")]);
        }

        return whole;
    }

    /// <summary>What a member implements or overrides.</summary>
    private static string? Inherited(MemberInfo member)
    {
        if (member is PropertyInfo property)
        {
            MethodInfo? get = Overridden(property.GetMethod!);
            return get is null ? null : DocId.Of(get.DeclaringType!.GetProperties().Single(one => one.GetMethod == get));
        }

        return member is MethodInfo method && Overridden(method) is { } overridden ? DocId.Of(overridden) : null;
    }

    private static MethodInfo? Overridden(MethodInfo method)
    {
        foreach (Type implemented in method.DeclaringType!.IsInterface ? [] : method.DeclaringType.GetInterfaces())
        {
            InterfaceMapping map = method.DeclaringType.GetInterfaceMap(implemented);
            int index = Array.IndexOf(map.TargetMethods, method);
            if (index >= 0)
            {
                return map.InterfaceMethods[index];
            }
        }

        return method.GetBaseDefinition() is var definition && definition != method ? definition : null;
    }
}
