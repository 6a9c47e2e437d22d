using System.Buffers;
using System.Text;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Pipelines;

/// <summary>
/// What comes while a writer that was told of a break copies what is unflushed. The copy stops where the file's block map is asked about
/// the bytes.
/// </summary>
public sealed class FileWriterCopyTests : FileTest
{
    private const int Length = 64 << 10;

    private readonly ManualResetEventSlim _inside = new();
    private readonly ManualResetEventSlim _let = new();
    private readonly DirectFile _file;
    private readonly DirectFile _other;
    private readonly RegionWriter _writer;
    private int _stops;

    public FileWriterCopyTests()
    {
        Mock<IBlockMap> map = new();
        map.Setup(it => it.GetExtents(It.IsAny<FileRange>(), It.IsAny<Memory<Extent>>()))
            .Returns((FileRange range, Memory<Extent> extents) =>
            {
                if (Interlocked.Exchange(ref _stops, 0) == 1)
                {
                    _inside.Set();
                    _let.Wait();
                }

                extents.Span[0] = new Extent(0, Length, 0, ExtentFlags.None);
                return 1;
            });
        _file = DirectFile.Create(Folder.File(), Length, Options with { BlockMap = map.Object });
        _other = Open();
        _writer = _file.CreateWriter(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_are_written_while_the_copy_is_made_are_kept_as_well(bool advances)
    {
        _writer.Write("first"u8);
        if (advances)
        {
            Encoding.ASCII.GetBytes("second", _writer.GetSpan(6));
        }

        Task<ILayoutRight> right = BreakUntilTheCopyBegins();
        Thread producer = new(() =>
        {
            if (advances)
            {
                _writer.Advance(6);
            }
            else
            {
                _writer.Write("second"u8);
            }
        });
        producer.Start();
        Soon.Until(() => (producer.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0, "the producer waits, or has not");
        _let.Set();
        Assert.True(producer.Join(Soon.Patience), "the producer hangs");
        PassDeadline();
        using (await right.Within())
        {
            _other.Write("-----------"u8, 0);
        }

        await _writer.FlushAsync(Token).AsTask().Within();

        byte[] content = new byte[11];
        _other.Read(content, 0);
        Assert.Equal("firstsecond", Encoding.ASCII.GetString(content));
    }

    [Fact]
    public async Task A_copy_that_is_not_made_when_the_deadline_passes_is_none_and_the_flush_says_so()
    {
        _writer.Write("first"u8);
        Task<ILayoutRight> right = BreakUntilTheCopyBegins();
        PassDeadline();
        (await right.Within()).Dispose();
        _let.Set();

        MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(() => _writer.FlushAsync(Token).AsTask().Within());

        Assert.Equal((FaultCause.Revoked, 0L, 5L), (fault.Cause, _writer.DurablePosition, _writer.UnflushedBytes));
    }

    public override void Dispose()
    {
        _let.Set();
        _writer.Complete(new IOException());
        _other.Dispose();
        _file.Dispose();
        base.Dispose();
    }

    private Task<ILayoutRight> BreakUntilTheCopyBegins()
    {
        _file.Write("x"u8, Length - 1); // by its owner, so nothing is broken; the bytes are judged anew
        _stops = 1;
        Task<ILayoutRight> right = _other.BreakLayoutAsync(FileRange.Whole, cancellationToken: Token).AsTask();
        Assert.True(_inside.Wait(Soon.Patience, Token), "no copy begins");
        return right;
    }
}
