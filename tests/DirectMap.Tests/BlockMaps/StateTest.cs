using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

/// <summary>The base of tests over a file in each state on each file system.</summary>
public abstract class StateTest(RealFileSystems fileSystems, FragmentedFiles fragmented) : IDisposable
{
    private TestDirectory? _directory;

    /// <returns>The file's path, and which of its bytes are in the state.</returns>
    internal (string Path, FileRange Range) Make(string fileSystem, FileState state)
    {
        if (state == FileState.Fragmented && fileSystem != RealFileSystems.Btrfs)
        {
            string path = fragmented.On(fileSystem);
            return (path, new FileRange(0, new FileInfo(path).Length));
        }

        NewDirectory(fileSystem);
        return (_directory!.File(), FileStates.Make(state, _directory.File()));
    }

    /// <summary>A folder on a file system; one for each test.</summary>
    internal TestDirectory NewDirectory(string fileSystem) => _directory = fileSystems.NewDirectory(fileSystem);

    public void Dispose() => _directory?.Dispose();
}
