using System.Globalization;

namespace DirectMap.Tests.Api;

/// <summary>Values as C# writes them.</summary>
internal static class Literals
{
    internal static string Of(object? value, Type type)
    {
        Type bare = Nullable.GetUnderlyingType(type) ?? type;
        if (value is not null && bare.IsEnum)
        {
            return Enum.ToObject(bare, value).ToString()!.Split(", ") is var names && char.IsAsciiLetter(names[0][0])
                ? string.Join(" | ", names.Select(name => $"{bare.Name}.{name}"))
                : $"({bare.Name}){Convert.ToString(value, CultureInfo.InvariantCulture)}";
        }

        return value switch
        {
            null => type.IsValueType && bare == type ? "default" : "null",
            string text => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
            char letter => $"'{letter}'",
            bool flag => flag ? "true" : "false",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
    }
}
