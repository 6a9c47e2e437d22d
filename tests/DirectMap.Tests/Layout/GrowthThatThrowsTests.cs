using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Layout;

/// <summary>An operation that throws where the file has grown, and ends within a page of several blocks.</summary>
public sealed class GrowthThatThrowsTests : FileTest
{
    [Fact]
    public void An_operation_that_throws_when_the_file_has_grown_leaves_written_blocks_all_the_same()
    {
        using ScriptedFile scripted = new(Folder.File(), 98_305, Options, blockSize: 512);
        using MappedRegion region = scripted.File.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive });
        List<string> calls = [];
        scripted.Backing.Before = call =>
        {
            calls.Add(call);
            if (call == "TrySetLength")
            {
                LossTest.SetLengthOutside(scripted.File.Path, 1 << 20);
                throw new InvalidOperationException();
            }

            return null;
        };

        Assert.Throws<InvalidOperationException>(() => scripted.File.SetLength(1 << 20));

        Assert.Equal(["TrySetLength", "TryPopulate"], calls[^2..]);
    }
}
