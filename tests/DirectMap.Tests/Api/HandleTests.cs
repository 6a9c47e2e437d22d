using System.Reflection;
using System.Runtime.InteropServices;

namespace DirectMap.Tests.Api;

/// <summary>Nobody gets a descriptor of the library's: it could be closed under everybody, and changes the file past all leases.</summary>
public sealed class HandleTests
{
    [Fact]
    public void No_public_member_hands_out_a_handle_of_a_file()
    {
        MemberInfo[] members = [.. PublicMembers.Types.SelectMany(PublicMembers.Of)];

        Assert.True(members.Length > 500);
        Assert.DoesNotContain(members, member => Returned(member).Any(IsHandle));
    }

    private static IEnumerable<Type> Returned(MemberInfo member) => member switch
    {
        MethodInfo method => [method.ReturnType, .. method.GetParameters().Where(parameter => parameter.IsOut).Select(Element)],
        PropertyInfo property => [property.PropertyType],
        FieldInfo field => [field.FieldType],
        _ => [],
    };

    private static Type Element(ParameterInfo parameter) => parameter.ParameterType.GetElementType() ?? parameter.ParameterType;

    private static bool IsHandle(Type type) =>
        type.IsSubclassOf(typeof(SafeHandle)) || type == typeof(SafeHandle) || type.GetGenericArguments().Any(IsHandle);
}
