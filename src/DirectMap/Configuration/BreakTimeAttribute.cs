using System.ComponentModel.DataAnnotations;

namespace DirectMap.Configuration;

/// <summary>
/// The range of a lease break time. (The framework's RangeAttribute converts its limits by reflection, which trimming does not allow.)
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BreakTimeAttribute : ValidationAttribute
{
    private static readonly TimeSpan s_max = TimeSpan.FromMilliseconds(int.MaxValue);

    public override bool IsValid(object? value) => value is null || (value is TimeSpan time && time >= TimeSpan.Zero && time <= s_max);

    public override string FormatErrorMessage(string name) => $"{name} must be between {TimeSpan.Zero} (for ever) and {s_max}.";
}
