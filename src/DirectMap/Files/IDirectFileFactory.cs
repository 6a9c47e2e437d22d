namespace DirectMap;

/// <summary>
/// Opens and creates files under one configuration: what a program asks its services for instead of the static members of
/// <see cref="DirectFile"/>.
/// </summary>
/// <remarks>Implementations are safe for any thread.</remarks>
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

    /// <inheritdoc cref="OpenOrCreate(string, long, DirectFileOptions)"/>
    /// <remarks>A pool thread does all the work, as in <see cref="DirectFile.OpenOrCreateAsync"/>.</remarks>
    /// <param name="progress">Is told of a file that is created, after each MiB, how many bytes are written; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; then nothing is open, and a half-made file is removed.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is open, and nothing that
    /// was made is left behind.</exception>
    Task<DirectFile> OpenOrCreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default);

    /// <remarks>
    /// <inheritdoc cref="Create(string, long, DirectFileOptions)"/> A pool thread does the work, as in
    /// <see cref="DirectFile.CreateAsync"/>.
    /// </remarks>
    /// <inheritdoc cref="Create(string, long, DirectFileOptions)"/>
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

    /// <inheritdoc cref="Open(string, DirectFileOptions)"/>
    /// <remarks>A pool thread makes all system calls, as in <see cref="DirectFile.OpenAsync"/>.</remarks>
    /// <param name="cancellationToken">Ends it where it has not begun yet; opening itself is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is open.</exception>
    Task<DirectFile> OpenAsync(string path, DirectFileOptions? options = null, CancellationToken cancellationToken = default);
}
