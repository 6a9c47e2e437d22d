using System.Reflection;
using System.Text.RegularExpressions;

namespace DirectMap.Tests.Docs;

/// <summary>Names of the library that the prose mentions exist: a renamed member is renamed in the tables of the pages, too.</summary>
public sealed partial class NameTests
{
    private static readonly Assembly[] s_assemblies = [typeof(DirectFile).Assembly, typeof(ILayoutLease).Assembly];

    /// <summary>What the pages call a variable of which type.</summary>
    private static readonly Dictionary<string, Type> s_variables = new()
    {
        ["file"] = typeof(DirectFile),
        ["region"] = typeof(MappedRegion),
        ["scope"] = typeof(RegionScope),
        ["coordinator"] = typeof(LeaseCoordinator),
        ["refused"] = typeof(MapRefusedException),
        ["conflict"] = typeof(LeaseConflictException),
        ["frozen"] = typeof(ILayoutLease),
    };

    [Fact]
    public void Members_that_the_prose_names_exist()
    {
        List<string> unknown = [];
        int known = 0;
        foreach (Page page in Page.All)
        {
            foreach (Match name in page.InlineCode.SelectMany(code => Member().Matches(code)))
            {
                if (TypeOf(name.Groups[1].Value) is { } type)
                {
                    known++;
                    if (type.GetMember(name.Groups[2].Value, BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static).Length == 0)
                    {
                        unknown.Add($"{page.Name}: {name.Value}");
                    }
                }
            }
        }

        Assert.Empty(unknown);
        Assert.NotEqual(0, known);
    }

    private static Type? TypeOf(string name) =>
        s_variables.GetValueOrDefault(name)
        ?? s_assemblies.Select(assembly => assembly.GetType($"DirectMap.{name}")).FirstOrDefault(type => type is { IsPublic: true });

    [GeneratedRegex(@"\b([A-Za-z]\w+)\.([A-Z]\w+)")]
    private static partial Regex Member();
}
