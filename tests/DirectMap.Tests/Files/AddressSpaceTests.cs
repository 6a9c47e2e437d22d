using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Mappings for which there is no memory (ENOMEM).</summary>
public abstract class AddressSpaceTests(FileBackingKind backing) : FileTest(backing)
{
    [Fact]
    public void More_bytes_than_there_are_addresses_for_are_refused_as_documented()
    {
        using (FileStream stream = File.Create(Folder.File()))
        {
            Assert.SkipWhen(Record.Exception(() => stream.SetLength(8L << 40)) is not null, "the file system has no files of 8 TiB");
        }

        using DirectFile file = Open();

        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(() => file.Map(MapOptions.Ordinary));

        Assert.Equal(12, refused.HResult);
        Assert.Contains(file.Path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("map a part", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("(ENOMEM)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_the_pool_of_huge_pages_is_empty_a_refusal_names_it()
    {
        NeedsLinuxBacking("it does not know the file system");
        using Requires.TinyFileSystem huge = Requires.Hugetlbfs(Folder);
        string path = Path.Combine(huge.Path, "file");
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength(1L << 40); // more than any pool has
        }

        using DirectFile file = DirectFile.Open(path, Options);

        InsufficientMemoryException refused = Assert.Throws<InsufficientMemoryException>(() => file.Map(MapOptions.Ordinary));

        Assert.Equal(12, refused.HResult);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains("huge pages", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("(ENOMEM)", refused.Message, StringComparison.Ordinal);
    }
}
