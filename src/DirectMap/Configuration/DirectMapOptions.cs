using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.Metrics;
using DirectMap.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

#pragma warning disable CA1051 // Fields that others see: binders do not look at them.

namespace DirectMap;

/// <summary>
/// The settings of one configuration: of <c>services.AddDirectMap(options => ...)</c>, or of a <see cref="DirectFileFactory"/> made by
/// hand.
/// </summary>
/// <remarks>
/// They are read once, when the factory is made. Settings whose values only code has, and no configuration, are fields: the binders of
/// Microsoft.Extensions.Configuration look at properties, and the generated one warns of every type that it cannot make. The object is not
/// safe for threads that change it.
/// </remarks>
public sealed class DirectMapOptions
{
    internal const string DefaultName = "DirectMap";

    /// <summary>Creates settings that are the defaults.</summary>
    public DirectMapOptions()
    {
    }

    /// <summary>
    /// What the configuration is called in messages; null (the default) for the service key, or "DirectMap" where there is none.
    /// </summary>
    /// <remarks>It has 1 to 256 characters.</remarks>
    [StringLength(256, MinimumLength = 1)]
    public string? Name { get; set; }

    /// <summary>How long a holder has to let go; null (the default) for the system's, and <see cref="TimeSpan.Zero"/> for ever.</summary>
    /// <remarks>
    /// It is at most <see cref="int.MaxValue"/> milliseconds. The system's is /proc/sys/fs/lease-break-time, or 45 seconds where there is
    /// none.
    /// </remarks>
    [BreakTime]
    public TimeSpan? LeaseBreakTime { get; set; }

    /// <summary>
    /// What direct mappings may do, where neither file nor mapping say; null (the default) for <see cref="FaultPolicies.Strict"/>, or the
    /// <see cref="IFaultPolicy"/> that is registered as a service.
    /// </summary>
    public IFaultPolicy? FaultPolicy;

    /// <summary>For binders of configurations only: what a configuration has under "FaultPolicy".</summary>
    /// <remarks>
    /// A policy is an object, so only code can set it: settings that were bound to a section with such a key are refused when they are
    /// validated, with a message that names the key.
    /// </remarks>
    [ConfigurationKeyName(nameof(FaultPolicy))]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OnlyInCode]
    public IConfigurationSection? ConfiguredFaultPolicy { get; set; }

    /// <summary>
    /// How files are opened, mapped and changed, where they do not say themselves; <see cref="FileBackingKind.Auto"/> by default.
    /// </summary>
    [EnumDataType(typeof(FileBackingKind))]
    public FileBackingKind Backing { get; set; }

    /// <summary>
    /// How much protection from changes that do not come through this library is wanted, where files do not say
    /// (<see cref="DirectFileOptions.Guard"/>); <see cref="GuardDemand.Preferred"/> by default.
    /// </summary>
    [EnumDataType(typeof(GuardDemand))]
    public GuardDemand Guard { get; set; }

    /// <summary>At which level; <see cref="ProtectionLevel.Watched"/> by default.</summary>
    [EnumDataType(typeof(ProtectionLevel))]
    public ProtectionLevel GuardLevel { get; set; } = ProtectionLevel.Watched;

    /// <summary>What becomes of a region when its file was changed without asking.</summary>
    [EnumDataType(typeof(TrespassResponse))]
    public TrespassResponse TrespassResponse { get; set; }

    /// <summary>
    /// Receives what user callbacks throw (<see cref="LeaseCoordinator.CallbackFailed"/>); null (the default): it is logged, or without a
    /// logger goes to Trace.
    /// </summary>
    public Action<Exception>? CallbackFailed { get; set; }

    /// <summary>Receives what the diagnostic mode finds (<see cref="LeaseCoordinator.Diagnostics"/>); null (the default) for off.</summary>
    public Action<DiagnosticFinding>? Diagnostics { get; set; }

    /// <summary>
    /// Where files, regions and leases are logged (categories "DirectMap.Files", "DirectMap.Regions", "DirectMap.Leases"); null (the
    /// default) for the <see cref="ILoggerFactory"/> that is registered as a service, or nowhere.
    /// </summary>
    public ILoggerFactory? LoggerFactory;

    /// <summary>
    /// Makes the meter "DirectMap" that measures; null (the default) for the <see cref="IMeterFactory"/> that is registered as a service,
    /// or the process's own meter.
    /// </summary>
    public IMeterFactory? MeterFactory;

    /// <summary>
    /// For binders of configurations only: what a configuration has under "LoggerFactory", which is refused as a "FaultPolicy" is.
    /// </summary>
    [ConfigurationKeyName(nameof(LoggerFactory))]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OnlyInCode]
    public IConfigurationSection? ConfiguredLoggerFactory { get; set; }

    /// <summary>
    /// For binders of configurations only: what a configuration has under "MeterFactory", which is refused as a "FaultPolicy" is.
    /// </summary>
    [ConfigurationKeyName(nameof(MeterFactory))]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OnlyInCode]
    public IConfigurationSection? ConfiguredMeterFactory { get; set; }

    /// <summary>
    /// For binders of configurations only: what a configuration has under "CallbackFailed", which is refused as a "FaultPolicy" is.
    /// </summary>
    [ConfigurationKeyName(nameof(CallbackFailed))]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OnlyInCode]
    public IConfigurationSection? ConfiguredCallbackFailed { get; set; }

    /// <summary>
    /// For binders of configurations only: what a configuration has under "Diagnostics", which is refused as a "FaultPolicy" is.
    /// </summary>
    [ConfigurationKeyName(nameof(Diagnostics))]
    [EditorBrowsable(EditorBrowsableState.Never)]
    [OnlyInCode]
    public IConfigurationSection? ConfiguredDiagnostics { get; set; }

    internal GuardOptions GuardOptions => new() { Demand = Guard, Level = GuardLevel, Response = TrespassResponse };

    /// <summary>The name of a setting that only a coordinator made of these settings knows; null when none is set.</summary>
    internal string? SettingOfCoordinator =>
        LeaseBreakTime is not null ? nameof(LeaseBreakTime)
        : CallbackFailed is not null ? nameof(CallbackFailed)
        : Diagnostics is not null ? nameof(Diagnostics)
        : null;

    internal LeaseCoordinator CreateCoordinator(TimeProvider time, string name, ILoggerFactory? loggers, IMeterFactory? meters) =>
        new(new LeaseCoordinatorOptions
        {
            TimeProvider = time,
            LeaseBreakTime = LeaseBreakTime ?? SystemSettings.LeaseBreakTime(),
            CallbackFailed = CallbackFailed,
            Diagnostics = Diagnostics,
            Configuration = name,
            LoggerFactory = loggers,
            MeterFactory = meters,
        });
}
