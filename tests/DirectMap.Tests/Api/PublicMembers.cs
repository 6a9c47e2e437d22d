using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace DirectMap.Tests.Api;

/// <summary>
/// What a user of an assembly sees: public types, and their members that are public or that a derived class of his could use.
/// </summary>
internal static class PublicMembers
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    /// <summary>The assemblies that are shipped.</summary>
    internal static readonly Assembly[] Assemblies = [typeof(ILayoutLease).Assembly, typeof(DirectFile).Assembly];

    internal static IEnumerable<Type> Types => Assemblies.SelectMany(TypesOf);

    internal static IEnumerable<Type> TypesOf(Assembly assembly) =>
        assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal);

    /// <summary>
    /// Fields, constructors, properties, events and methods in this order; enumerations by value. Without what the compiler adds to a
    /// record or to a property.
    /// </summary>
    internal static IEnumerable<MemberInfo> Of(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .OrderBy(field => Convert.ToUInt64(field.GetRawConstantValue(), null))
                .ThenBy(field => field.Name, StringComparer.Ordinal);
        }

        if (type.IsSubclassOf(typeof(Delegate)))
        {
            return [];
        }

        return type.GetMembers(Declared).Where(member => IsVisible(member, type) && !IsImplied(member)).OrderBy(Rank)
            .ThenBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(member => member.ToString(), StringComparer.Ordinal);
    }

    internal static bool IsRecord(Type type) =>
        type.GetMethod("<Clone>$", Declared) is not null
        || (type.IsValueType && type.GetMethod("PrintMembers", Declared, [typeof(StringBuilder)]) is not null);

    internal static bool IsReadOnly(MemberInfo member) => member.IsDefined(typeof(IsReadOnlyAttribute));

    internal static bool IsVisible(MethodBase? method) =>
        method is { IsPublic: true } || (method is { IsFamily: true } or { IsFamilyOrAssembly: true } && !method.DeclaringType!.IsSealed);

    private static bool IsVisible(MemberInfo member, Type type) => member switch
    {
        FieldInfo field => field.IsPublic || ((field.IsFamily || field.IsFamilyOrAssembly) && !type.IsSealed),
        PropertyInfo property => IsVisible(property.GetMethod) || IsVisible(property.SetMethod),
        EventInfo raised => IsVisible(raised.AddMethod),
        MethodBase method => IsVisible(method),
        _ => false, // Nested types are types of their own.
    };

    private static bool IsImplied(MemberInfo member) => member switch
    {
        MethodInfo { Name: "Deconstruct" } => false,
        MethodInfo { IsSpecialName: true } method => !method.Name.StartsWith("op_", StringComparison.Ordinal) || IsGenerated(method),
        PropertyInfo { Name: "EqualityContract" } => true,
        _ => IsGenerated(member),
    };

    private static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static int Rank(MemberInfo member) => member switch
    {
        FieldInfo => 0,
        ConstructorInfo => 1,
        PropertyInfo { GetMethod.IsStatic: true } => 2,
        PropertyInfo => 3,
        EventInfo => 4,
        _ => 5,
    };
}
