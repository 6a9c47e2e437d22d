using Microsoft.Extensions.Options;

namespace DirectMap.Configuration;

/// <summary>Holds the settings to their ranges, by generated code.</summary>
[OptionsValidator]
internal sealed partial class DirectMapOptionsValidator : IValidateOptions<DirectMapOptions>;
