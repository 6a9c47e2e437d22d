namespace DirectMap;

/// <summary>
/// Opens and creates files under one configuration: what a program asks its services for instead of the static members of <see cref="DirectFile"/>. Implementations are safe for any thread.
/// </summary>
public interface IDirectFileFactory
{
    /// <summary>Who arbitrates between the files that are opened here without a coordinator of their own.</summary>
    ILeaseCoordinator Coordinator { get; }

    /// <summary>Creates a file of written blocks (zeros), as <see cref="DirectFile.Create"/> does, under this configuration.</summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How it is opened; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <returns>The file, open for reading and writing.</returns>
    /// <inheritdoc cref="DirectFile.Create"/>
    DirectFile Create(string path, long length, DirectFileOptions? options = null);

    /// <summary>Opens the file that exists, or creates it, as <see cref="DirectFile.OpenOrCreate"/> does, under this configuration.</summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Length in bytes of a file that is created; 1 or more. One that exists keeps its own.</param>
    /// <param name="options">How it is opened; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <returns>The file, open for reading and writing.</returns>
    /// <inheritdoc cref="DirectFile.OpenOrCreate"/>
    DirectFile OpenOrCreate(string path, long length, DirectFileOptions? options = null);

    /// <summary>Creates a file on a pool thread, as <see cref="DirectFile.CreateAsync"/> does, under this configuration.</summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How it is opened; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <param name="progress">Is told after each MiB how many bytes are written; null for nobody.</param>
    /// <param name="cancellationToken">Ends it; then nothing is left behind.</param>
    /// <returns>The file, open for reading and writing.</returns>
    /// <inheritdoc cref="DirectFile.CreateAsync"/>
    Task<DirectFile> CreateAsync(string path, long length, DirectFileOptions? options = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Opens a file that exists, as <see cref="DirectFile.Open"/> does, under this configuration.</summary>
    /// <param name="path">Which; symbolic links are followed.</param>
    /// <param name="options">How; null for the defaults. What it sets itself goes before the configuration.</param>
    /// <returns>The file.</returns>
    /// <inheritdoc cref="DirectFile.Open"/>
    DirectFile Open(string path, DirectFileOptions? options = null);
}
