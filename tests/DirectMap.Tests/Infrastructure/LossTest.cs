using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// The base of tests in which pages of a mapping are lost: files that somebody outside of the library truncates. Where the native library
/// is missing that would end the tests, so they are skipped.
/// </summary>
public abstract class LossTest : FileTest
{
    private readonly List<DirectFile> _files = [];

    internal LossTest() => NeedNative(this);

    /// <summary>In a constructor: what is skipped there is not disposed.</summary>
    internal static void NeedNative(FileTest test)
    {
        try
        {
            Requires.Native();
        }
        catch
        {
            test.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        base.Dispose();
    }

    /// <summary>The file goes with the test.</summary>
    internal void Keep(DirectFile file) => _files.Add(file);

    /// <summary>Sets a file's length as another program would: no lease is broken.</summary>
    internal static void SetLengthOutside(string path, long length)
    {
        using SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Assert.Equal(0, PlainCalls.SetLength(file, length).Errno);
    }

    /// <summary>Bytes that differ from page to page and within each.</summary>
    internal static byte[] Pattern(long length) =>
        [.. Enumerable.Range(0, (int)length).Select(i => (byte)((i % 251) + (i / PageSize) + 1))];

    /// <summary>A file with a pattern in it, mapped. The file goes with the test.</summary>
    internal MappedRegion MapPattern(MapOptions options, int pages, out DirectFile file)
    {
        file = Create((long)pages * PageSize);
        Keep(file);
        file.Write(Pattern(file.Length), 0);
        return file.Map(options);
    }

    /// <summary>A range of whole pages.</summary>
    internal static FileRange Pages(long first, long count) => new(first * PageSize, count * PageSize);

    /// <summary>Touches a page that is not there.</summary>
    internal static MappingFaultException Lose(MappedRegion region, long page) =>
        Assert.Throws<MappingFaultException>(() => region.Read<byte>(page * PageSize));
}
