using System.Globalization;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Inodes;

public sealed class InodeTableTests : FileTest
{
    [Fact]
    public void A_failure_that_was_kept_outlives_an_opening_that_another_copy_of_the_library_refuses()
    {
        FileId id = new(0xf00d, 0xfeed, 1);
        FileId systemId = new(0xf00d, 0xfeee, 2);
        Inode failed = Add(id, systemId);
        failed.Syncs.End(failed.Syncs.Begin(), Errno.EIO);
        InodeTable.Release(failed);
        Assert.True(InodeTable.RemembersFailureOf(id));

        foreach (FileId refused in new[] { systemId, id })
        {
            string mark = string.Create(
                CultureInfo.InvariantCulture, $"inode {refused.Device:x} {refused.Inode:x} {refused.BirthTimeNanoseconds:x}");
            Assert.Null(ProcessMarks.TryAdd(mark, "another copy"));
            Assert.Throws<InvalidOperationException>(() => Add(id, systemId));
            ProcessMarks.Remove(mark);
            Assert.True(InodeTable.RemembersFailureOf(id), $"forgotten after {refused} was refused");
        }

        Inode opened = Add(id, systemId);
        Assert.True(opened.Syncs.HasFailed);
        Assert.False(InodeTable.RemembersFailureOf(id));
        InodeTable.Release(opened);
    }

    private Inode Add(FileId id, FileId systemId) => InodeTable.AddReference(
        id,
        FileBackings.Of(FileBackingKind.Portable),
        new FileBinding(Coordinator, "the test"),
        "a path",
        static () => null,
        systemId: systemId);
}
