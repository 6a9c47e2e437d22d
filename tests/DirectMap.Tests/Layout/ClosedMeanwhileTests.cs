using DirectMap.Linux;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Layout;

/// <summary>An operation whose file is closed amid it, and with it the description that only this opener has.</summary>
public sealed class ClosedMeanwhileTests : FileTest
{
    [Fact]
    public void It_says_that_the_file_was_disposed_and_not_which_call_noticed()
    {
        foreach ((string name, Action<DirectFile> operation) in ((string, Action<DirectFile>)[])
            [("TrySetLength", static file => file.SetLength(1)), ("TryPopulate", static file => file.Prepare())])
        {
            using ScriptedFile scripted = new(Folder.File(name), 98_304, Options, blockSize: PageSize);
            scripted.File.PunchHole(0, 8192);
            scripted.Backing.Before = call =>
            {
                if (call != name)
                {
                    return null;
                }

                scripted.File.Dispose();
                return Errno.EBADF;
            };

            Exception? thrown = Record.Exception(() => operation(scripted.File));

            Assert.Equal(typeof(DirectFile).FullName, Assert.IsType<ObjectDisposedException>(thrown).ObjectName);
        }
    }

    [Fact]
    public void Where_it_is_open_the_call_is_named()
    {
        using ScriptedFile scripted = new(Folder.File(), 98_304, Options, blockSize: PageSize);
        scripted.Backing.Before = static call => call == "TrySetLength" ? Errno.EBADF : null;

        Exception thrown = Assert.ThrowsAny<Exception>(() => scripted.File.SetLength(1));

        Assert.Contains("ftruncate", thrown.Message, StringComparison.Ordinal);
    }
}
