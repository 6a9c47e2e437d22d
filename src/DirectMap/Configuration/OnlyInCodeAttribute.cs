using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace DirectMap.Configuration;

/// <summary>A key of a configuration that nothing would heed: there must be none.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OnlyInCodeAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is IConfigurationSection section && section.Exists()
            ? new ValidationResult(
                $"The configuration has '{section.Path}', which only code can set: remove the key, and set {section.Key} where the "
                    + "options are configured.")
            : ValidationResult.Success;
}
