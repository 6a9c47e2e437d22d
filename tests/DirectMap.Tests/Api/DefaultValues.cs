using System.Reflection;
using System.Runtime.CompilerServices;

namespace DirectMap.Tests.Api;

/// <summary>
/// What a user gets who sets nothing: the values of a new object's properties, and of static ones. They are promises like the signatures,
/// but no signature has them.
/// </summary>
internal static class DefaultValues
{
    /// <summary>Null where there is nothing to say.</summary>
    internal static string? Of(PropertyInfo property)
    {
        Type type = property.DeclaringType!;
        if (property.GetMethod is not { IsPublic: true } get || property.GetIndexParameters().Length > 0)
        {
            return null;
        }

        if (get.IsStatic)
        {
            return property.PropertyType == type && IsMadeOfProperties(type)
                ? Differences(property.GetValue(null)!)
                : Shown(property.GetValue(null), property.PropertyType);
        }

        bool isOptional = property.SetMethod is { IsPublic: true } && !property.IsDefined(typeof(RequiredMemberAttribute));
        return isOptional && !type.IsValueType && IsMadeOfProperties(type)
            ? Shown(property.GetValue(Activator.CreateInstance(type)), property.PropertyType)
            : null;
    }

    internal static string? Of(FieldInfo field) =>
        field is { IsStatic: true, IsLiteral: false } ? Shown(field.GetValue(null), field.FieldType) : null;

    private static bool IsMadeOfProperties(Type type) => type.IsValueType ? !HasTextOfItsOwn(type) : type.GetConstructor([]) is not null;

    private static bool HasTextOfItsOwn(Type type) => type.GetMethod(nameof(ToString), [])!.DeclaringType == type
        && !type.GetMethod(nameof(ToString), [])!.IsDefined(typeof(CompilerGeneratedAttribute));

    /// <summary>A preset, by what it sets.</summary>
    private static string Differences(object preset)
    {
        Type type = preset.GetType();
        object plain = Activator.CreateInstance(type)!;
        string[] set = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => !Equals(property.GetValue(plain), property.GetValue(preset)))
            .Select(property => $"{property.Name} = {Shown(property.GetValue(preset), property.PropertyType) ?? "..."}")];
        return set.Length == 0 ? "new()" : $"new() {{ {string.Join(", ", set)} }}";
    }

    private static string? Shown(object? value, Type type)
    {
        if (value is TimeSpan span && span == Timeout.InfiniteTimeSpan)
        {
            return $"{nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}";
        }

        if (value is null or string || type.IsPrimitive || type.IsValueType)
        {
            return value is ValueType and not IFormattable and not bool ? value.ToString() : Literals.Of(value, type);
        }

        // An object that has a name: BreakOptions.Default, TimeProvider.System.
        PropertyInfo? named = type.GetProperties(BindingFlags.Public | BindingFlags.Static)
            .FirstOrDefault(candidate => candidate.PropertyType == type && ReferenceEquals(candidate.GetValue(null), value));
        return named is null ? null : $"{type.Name}.{named.Name}";
    }
}
