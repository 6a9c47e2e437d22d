using System.Reflection;
using System.Text;

namespace DirectMap.Tests.Api;

/// <summary>The public API of an assembly as text, to be compared and read in a review.</summary>
internal static class ApiText
{
    internal static string Of(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (IGrouping<string?, Type> group in PublicMembers.TypesOf(assembly).GroupBy(type => type.Namespace)
            .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append("namespace ").Append(group.Key).Append(";\n");
            foreach (Type type in group)
            {
                text.Append('\n').Append(Of(type));
            }
        }

        return text.ToString();
    }

    internal static string Of(Type type)
    {
        string declaration = Declarations.Of(type);
        if (declaration.EndsWith(';'))
        {
            return declaration + "\n";
        }

        StringBuilder text = new();
        text.Append(declaration).Append("\n{\n");
        foreach (MemberInfo member in PublicMembers.Of(type))
        {
            text.Append("    ").Append(Declarations.Of(member)).Append(type.IsEnum ? "," : "");
            string? value = member switch
            {
                PropertyInfo property => DefaultValues.Of(property),
                FieldInfo { DeclaringType.IsEnum: false } field => DefaultValues.Of(field),
                _ => null,
            };
            text.Append(value is null ? "\n" : $" // {value}\n");
        }

        return text.Append("}\n").ToString();
    }
}
