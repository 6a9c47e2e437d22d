using System.Reflection;

namespace DirectMap.Tests.Api;

/// <summary>How the XML documentation names types and members: "M:DirectMap.FileRange.From(System.Int64)".</summary>
internal static class DocId
{
    internal static string Of(MemberInfo member) => member switch
    {
        Type type => "T:" + Name(type),
        FieldInfo field => $"F:{Owner(field)}.{field.Name}",
        EventInfo raised => $"E:{Owner(raised)}.{raised.Name}",
        PropertyInfo property => $"P:{Owner(property)}.{property.Name}{Parameters(property.GetIndexParameters())}",
        MethodBase method => $"M:{Owner(method)}.{method.Name.Replace('.', '#')}{Arity(method)}{Parameters(method.GetParameters())}",
        _ => throw new NotSupportedException(member.ToString()),
    };

    private static string Owner(MemberInfo member) => Name(member.DeclaringType!);

    private static string Arity(MethodBase method) => method.IsGenericMethodDefinition ? $"``{method.GetGenericArguments().Length}" : "";

    private static string Name(Type type) => type.FullName!.Replace('+', '.');

    private static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => Argument(parameter.ParameterType)))})";

    private static string Argument(Type type)
    {
        if (type.IsByRef)
        {
            return Argument(type.GetElementType()!) + "@";
        }

        if (type.IsArray)
        {
            return Argument(type.GetElementType()!) + "[]";
        }

        if (type.IsGenericParameter)
        {
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        }

        return type.IsGenericType
            ? $"{Name(type.GetGenericTypeDefinition()).Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(Argument))}}}"
            : Name(type);
    }
}
