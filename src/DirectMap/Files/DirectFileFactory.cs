using DirectMap.Configuration;
using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Telemetry;
using Microsoft.Extensions.Options;

namespace DirectMap;

/// <summary>Opens and creates files under one configuration: one coordinator, one default fault policy.</summary>
/// <remarks>
/// A file that the process has open under one coordinator cannot be opened under another meanwhile: two of them would arbitrate past each
/// other. A factory is made by <c>services.AddDirectMap()</c>, or by hand. It is safe for any thread.
/// </remarks>
public sealed class DirectFileFactory : IDirectFileFactory
{
    /// <summary>What the configuration of <see cref="Default"/> is called.</summary>
    internal const string DefaultName = "default";

    private static DirectFileFactory? s_default; // set once

    private readonly FileConfiguration _configuration;
    private readonly FileOpening _files;

    /// <summary>Creates a factory without a container.</summary>
    /// <param name="options">Its settings, read now; later changes have no effect.</param>
    /// <param name="coordinator">Who arbitrates; null (the default) for one of its own, made of the settings.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is out of its range, or is about the coordinator while
    /// <paramref name="coordinator"/> is given.</exception>
    public DirectFileFactory(DirectMapOptions options, ILeaseCoordinator? coordinator = null)
        : this(ConfigurationOf(Checked(options, coordinator), coordinator))
    {
    }

    internal DirectFileFactory(FileConfiguration configuration)
    {
        _configuration = configuration;
        _files = new FileOpening(configuration);
    }

    /// <summary>
    /// What the static members of <see cref="DirectFile"/> use: one coordinator for the process, whose break time is
    /// /proc/sys/fs/lease-break-time, and <see cref="FaultPolicies.Strict"/>; or what <see cref="SetDefault"/> was told.
    /// </summary>
    public static DirectFileFactory Default =>
        Volatile.Read(ref s_default) ?? Interlocked.CompareExchange(ref s_default, BuiltIn.Factory, null) ?? BuiltIn.Factory;

    /// <summary>What the configuration is called in messages.</summary>
    public string Name => _configuration.Name;

    /// <inheritdoc/>
    public ILeaseCoordinator Coordinator => _configuration.Coordinator;

    /// <inheritdoc/>
    public DirectFile Create(string path, long length, DirectFileOptions? options = null) =>
        _files.Create(path, length, options);

    /// <inheritdoc/>
    public DirectFile OpenOrCreate(string path, long length, DirectFileOptions? options = null) =>
        _files.OpenOrCreate(path, length, options);

    /// <inheritdoc/>
    public Task<DirectFile> OpenOrCreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        _files.OpenOrCreateAsync(path, length, options, new CreationWatch(progress, cancellationToken));

    /// <inheritdoc/>
    public Task<DirectFile> CreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        _files.CreateAsync(path, length, options, new CreationWatch(progress, cancellationToken));

    /// <inheritdoc/>
    public DirectFile Open(string path, DirectFileOptions? options = null) => _files.Open(path, options);

    /// <inheritdoc/>
    public Task<DirectFile> OpenAsync(
        string path, DirectFileOptions? options = null, CancellationToken cancellationToken = default) =>
        _files.OpenAsync(path, options, cancellationToken);

    /// <summary>Sets <see cref="Default"/>: once, before anything has used it.</summary>
    /// <remarks>Who arbitrates for a whole process does not change while it runs.</remarks>
    /// <param name="factory">What the static members of <see cref="DirectFile"/> use from now on.</param>
    /// <exception cref="ArgumentNullException"><paramref name="factory"/> is null.</exception>
    /// <exception cref="InvalidOperationException">It was set, or used, before.</exception>
    public static void SetDefault(DirectFileFactory factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (Interlocked.CompareExchange(ref s_default, factory, null) is { } other)
        {
            throw new InvalidOperationException(
                $"The default of this process is {other} already: it is set once, before a file is opened or created through DirectFile.");
        }
    }

    /// <summary>The default, for an opening whose arguments are good: one whose are not uses none, so it may be set after it.</summary>
    internal static DirectFileFactory DefaultFor(string path, DirectFileOptions? options)
    {
        FileOpening.ThrowIfInvalid(path, options);
        return Default;
    }

    /// <inheritdoc cref="DefaultFor(string, DirectFileOptions)"/>
    internal static DirectFileFactory DefaultFor(string path, long length, DirectFileOptions? options)
    {
        FileOpening.ThrowIfInvalid(path, length, options);
        return Default;
    }

    /// <summary>Returns name and coordinator, for messages.</summary>
    public override string ToString() => _configuration.ToString();

    private static FileConfiguration ConfigurationOf(DirectMapOptions options, ILeaseCoordinator? coordinator)
    {
        string name = options.Name ?? DirectMapOptions.DefaultName;
        return new FileConfiguration(
            name,
            coordinator ?? options.CreateCoordinator(TimeProvider.System, name, options.LoggerFactory, options.MeterFactory),
            options.FaultPolicy ?? FaultPolicies.Strict,
            options.Backing,
            new FileEvents(name, options.LoggerFactory, options.MeterFactory))
        {
            Guard = options.GuardOptions
        };
    }

    private static DirectMapOptions Checked(DirectMapOptions options, ILeaseCoordinator? coordinator)
    {
        ArgumentNullException.ThrowIfNull(options);
        ValidateOptionsResult result = new DirectMapOptionsValidator().Validate(null, options);
        if (result.Failed)
        {
            throw new ArgumentException(result.FailureMessage, nameof(options));
        }

        return coordinator is null || options.SettingOfCoordinator is not { } setting
            ? options
            : throw new ArgumentException(
                $"{setting} is a setting of the coordinator, and the one that is given has its own.", nameof(options));
    }

    /// <summary>Made when it is first used, and not where there is another.</summary>
    private static class BuiltIn
    {
        internal static readonly DirectFileFactory Factory = new(new FileConfiguration(
            DefaultName,
            new LeaseCoordinator(new LeaseCoordinatorOptions
            {
                LeaseBreakTime = SystemSettings.LeaseBreakTime(),
                Configuration = DefaultName,
            }),
            FaultPolicies.Strict,
            FileBackingKind.Auto,
            new FileEvents(DefaultName, null, null)));
    }
}
