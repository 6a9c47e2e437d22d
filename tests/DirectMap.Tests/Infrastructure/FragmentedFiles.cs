using DirectMap.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(FragmentedFiles))]

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// A file of 10,000 written fragments on each file system that overwrites in place, made when a test first asks for it; for all tests, so
/// none may change its blocks. On file systems of their own, since making one may need the whole of the space.
/// </summary>
public sealed class FragmentedFiles : IDisposable
{
    private readonly RealFileSystems _fileSystems = new();
    private readonly Dictionary<string, TestDirectory> _directories = [];
    private readonly Lock _gate = new();

    /// <returns>Its path.</returns>
    internal string On(string fileSystem)
    {
        lock (_gate)
        {
            if (_directories.TryGetValue(fileSystem, out TestDirectory? known))
            {
                return known.File();
            }

            TestDirectory directory = _fileSystems.NewDirectory(fileSystem);
            _directories.Add(fileSystem, directory);
            if (fileSystem == RealFileSystems.BtrfsNoCow)
            {
                FileStates.Make(FileState.Fragmented, directory.File());
            }
            else
            {
                FileStates.FragmentByLackOfSpace(directory.File());
            }

            Assert.InRange(Oracles.Filefrag(directory.File()).Count, FileStates.FragmentCount, int.MaxValue);
            return directory.File();
        }
    }

    public void Dispose()
    {
        foreach (TestDirectory directory in _directories.Values)
        {
            directory.Dispose();
        }

        _fileSystems.Dispose();
    }
}
