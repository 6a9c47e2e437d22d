using DirectMap.Backings;
using DirectMap.Inodes;

namespace DirectMap.Tests.Infrastructure;

/// <summary>A file whose calls to the system a test has a say in.</summary>
internal sealed class ScriptedFile : IDisposable
{
    private readonly DirectFileOptions _options;

    /// <summary>Makes a file whose last quarter is a hole.</summary>
    internal ScriptedFile(string path, long length, DirectFileOptions options, long? blockSize = null)
    {
        _options = options;
        FileId id;
        using (DirectFile made = DirectFile.Create(path, length / 4 * 3, options))
        {
            id = made.Id;
        }

        // Whoever opens the file finds the state that is there, with the backing that it has.
        Backing = new ScriptedBacking(FileBackings.Of(options.Backing!.Value)) { BlockSize = blockSize };
        Inode = InodeTable.AddReference(id, Backing, new FileBinding(options.Coordinator!, "the test"), path, () => null);
        File = DirectFile.Open(path, options);
        Assert.Same(Inode, InodeTable.Find(File.Id));
        File.SetLength(length);
    }

    internal ScriptedBacking Backing { get; }

    internal Inode Inode { get; }

    internal DirectFile File { get; }

    /// <summary>Another owner.</summary>
    internal DirectFile OpenAnother() => DirectFile.Open(File.Path, _options);

    public void Dispose()
    {
        File.Dispose();
        InodeTable.Release(Inode);
    }
}
