namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>
/// Where the files lie that are measured: one folder on tmpfs and one where the program was started, made and removed by it, so that a
/// measurement that was stopped leaves nothing behind.
/// </summary>
internal static class Folders
{
    private const string Variable = "DIRECTMAP_BENCHMARK_FOLDER_";
    private const string SharedMemory = "/dev/shm";

    private static readonly string[] s_parents =
    [
        Directory.Exists(SharedMemory) ? SharedMemory : Path.GetTempPath(),
        Environment.CurrentDirectory
    ];

    /// <summary>Makes both, for this process and for those that BenchmarkDotNet starts: they inherit where it is.</summary>
    /// <returns>What removes them.</returns>
    internal static IDisposable Create()
    {
        string[] paths = [.. s_parents.Select(parent => Path.Combine(parent, $"directmap-benchmark-{Environment.ProcessId}"))];
        Removal removal = new(paths);
        try
        {
            foreach (FileSystemKind kind in Enum.GetValues<FileSystemKind>())
            {
                Directory.CreateDirectory(paths[(int)kind]);
                Environment.SetEnvironmentVariable(Variable + kind, paths[(int)kind]);
            }

            return removal;
        }
        catch
        {
            removal.Dispose(); // of the first, where the second cannot be made
            throw;
        }
    }

    /// <summary>The path of a file that does not exist yet.</summary>
    internal static string NewPath(FileSystemKind kind) =>
        Path.Combine(
            Environment.GetEnvironmentVariable(Variable + kind)
                ?? throw new InvalidOperationException("Benchmarks are started by their program."),
            $"{Guid.NewGuid():N}.pmem");

    private sealed class Removal : IDisposable
    {
        private readonly string[] _paths;
        private readonly WhenStopped _whenStopped;

        internal Removal(string[] paths)
        {
            _paths = paths;
            _whenStopped = WhenStopped.Do(Remove);
        }

        public void Dispose()
        {
            _whenStopped.Dispose();
            Remove();
        }

        private void Remove()
        {
            foreach (string path in _paths.Where(Directory.Exists))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }
}
