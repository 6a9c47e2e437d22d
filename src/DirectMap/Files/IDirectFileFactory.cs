namespace DirectMap;

/// <summary>
/// Opens and creates files under one configuration: what a program asks its services for instead of the static members of
/// <see cref="DirectFile"/>. Implementations are safe for any thread.
/// </summary>
public interface IDirectFileFactory
{
    /// <summary>Who arbitrates between the files that are opened here without a coordinator of their own.</summary>
    ILeaseCoordinator Coordinator { get; }

    /// <summary>Creates a file of written blocks (zeros), as <see cref="DirectFile.Create"/> does, under this configuration.</summary>
    /// <param name="options">How it is opened; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <inheritdoc cref="DirectFile.Create"/>
    DirectFile Create(string path, long length, DirectFileOptions? options = null);

    /// <summary>
    /// Opens the file that exists, or creates it, as <see cref="DirectFile.OpenOrCreate"/> does, under this configuration.
    /// </summary>
    /// <param name="options">How it is opened; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <inheritdoc cref="DirectFile.OpenOrCreate"/>
    DirectFile OpenOrCreate(string path, long length, DirectFileOptions? options = null);

    /// <inheritdoc cref="Create(string, long, DirectFileOptions)"/>
    /// <remarks>A pool thread does the work, as in <see cref="DirectFile.CreateAsync"/>.</remarks>
    /// <param name="progress">Is told after each MiB how many bytes are written; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; then nothing is left behind.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is left behind.</exception>
    Task<DirectFile> CreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default);

    /// <summary>Opens a file that exists, as <see cref="DirectFile.Open"/> does, under this configuration.</summary>
    /// <param name="options">How; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <inheritdoc cref="DirectFile.Open"/>
    DirectFile Open(string path, DirectFileOptions? options = null);
}
