using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>btrfs shares no blocks between a file with the NOCOW attribute and one without.</summary>
public sealed class NoCowCloningTests(RealFileSystems fileSystems) : FileTest
{
    private const int Size = 64 << 10;

    private static readonly Dictionary<string, Action<DirectFile, DirectFile>> s_ways = new()
    {
        ["clone"] = (to, from) => to.CloneFrom(from),
        ["clone a range"] = (to, from) => to.CloneFrom(from, 0, 0, Size),
        ["dedupe"] = (to, from) => to.DedupeFrom(from, 0, 0, Size),
    };

    public static TheoryData<string> Ways => [.. s_ways.Keys];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Such_a_clone_is_not_supported_in_either_direction_and_a_copy_is_the_way_out(string way)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        File.WriteAllBytes(directory.File("plain"), new byte[Size]);
        using DirectFile plain = DirectFile.Open(directory.File("plain"), Options);
        using DirectFile noCow = DirectFile.Create(directory.File("nocow"), Size, Options);

        foreach ((DirectFile to, DirectFile from) in ((DirectFile, DirectFile)[])[(plain, noCow), (noCow, plain)])
        {
            NotSupportedException refused = Assert.Throws<NotSupportedException>(() => s_ways[way](to, from));

            Assert.Equal(PlainCalls.EINVAL, refused.HResult);
            Assert.Contains("NOCOW", refused.Message, StringComparison.Ordinal);
            Assert.Contains($"'{noCow.Path}' has it", refused.Message, StringComparison.Ordinal);
            to.CopyFrom(from, 0, 0, Size);
        }

        using DirectFile other = DirectFile.Create(directory.File("other"), Size, Options);
        s_ways[way](other, noCow);
        Assert.Throws<ArgumentException>(() => other.CloneFrom(noCow, 100, 0, 4096));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Whether_the_attributes_differ_decides_what_EINVAL_means(bool isNoCow, bool isUnsupported)
    {
        Requires.DevShm();
        using ScriptedFile scripted = new(Folder.File(), Size, Options);
        scripted.Backing.IsNoCopyOnWrite = isNoCow;
        scripted.Backing.Before = call => call == "TryClone" ? PlainCalls.EINVAL : null;
        using DirectFile source = DirectFile.Create("/dev/shm/" + Path.GetFileName(Folder.Path), Size, Options);
        File.Delete(source.Path);

        Exception? refused = Record.Exception(() => scripted.File.CloneFrom(source));

        Assert.IsType(isUnsupported ? typeof(NotSupportedException) : typeof(ArgumentException), refused);
    }
}
