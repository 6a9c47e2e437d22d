using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Files;

/// <summary>
/// One operation, once through the library and once as the plain system call. Those with a source get it as the second argument; it
/// may be the file itself.
/// </summary>
internal sealed record FileOperation(
    Func<DirectFile, DirectFile, long> Call, Func<DirectFile, DirectFile, Task<long>> CallAsync,
    Func<SafeFileHandle, SafeFileHandle, PlainCalls.Answer> Plain)
{
    internal const int Page = 4096;

    /// <summary>A place that not every file system can reach.</summary>
    private const long FarAway = 1L << 44;

    private static readonly byte[] s_data = [.. Enumerable.Range(0, 5 * Page).Select(i => (byte)(i % 249))];

    /// <summary>All of them, for files of 16 pages and sources of 8 pages and some bytes (<see cref="TwinStates"/>).</summary>
    internal static IReadOnlyDictionary<string, FileOperation> All { get; } = new[]
    {
        Writes(), Allocations(), HolesAndZeros(), Shifts(), Unshares(), Lengths(), Clones(), Copies(), Dedupes()
    }.SelectMany(group => group).ToDictionary();

    private static Dictionary<string, FileOperation> Writes() => new()
    {
        ["write a page"] = Write(Page, 2 * Page),
        ["write some bytes"] = Write(10, 100),
        ["write across pages"] = Write(5000, 9 * Page - 7),
        ["write nothing"] = Write(0, 20 * Page),
        ["write across the end"] = Write(2 * Page, 15 * Page),
        ["write far beyond the end"] = Write(3, 40 * Page + 5),
        ["write further than any file system goes"] = Write(3, long.MaxValue - 3),
        ["write as far as ext4 does not go"] = Write(3, FarAway),
        ["gather"] = Gather(Page, 10, Page, 33),
        ["gather with empty buffers"] = Gather(5000, 0, 10, 0, 0, 7, 0),
        ["gather only empty buffers"] = Gather(5000, 0, 0),
        ["gather nothing"] = Gather(5000),
        ["gather more buffers than one call takes"] = Gather(Page + 1, [.. Enumerable.Repeat(7, 1500)]),
        ["gather across the end"] = Gather(15 * Page, Page, 0, 100),
    };

    private static Dictionary<string, FileOperation> Allocations() => new()
    {
        ["allocate within"] = Allocate(Page, 3 * Page),
        ["allocate a piece of a page"] = Allocate(2 * Page + 10, 20),
        ["allocate across the end"] = Allocate(15 * Page, 3 * Page + 100),
        ["allocate beyond the end"] = Allocate(20 * Page, Page),
        ["allocate as far as ext4 does not go"] = Allocate(FarAway, Page),
        ["allocate within, size kept"] = AllocateKeepSize(Page, 3 * Page),
        ["allocate across the end, size kept"] = AllocateKeepSize(15 * Page, 3 * Page + 100),
        ["allocate beyond the end, size kept"] = AllocateKeepSize(20 * Page, Page),
    };

    private static Dictionary<string, FileOperation> HolesAndZeros() => new()
    {
        ["punch pages"] = PunchHole(Page, 2 * Page),
        ["punch unaligned"] = PunchHole(100, 3 * Page),
        ["punch within a page"] = PunchHole(Page + 100, 50),
        ["punch across the end"] = PunchHole(14 * Page, 8 * Page),
        ["punch beyond the end"] = PunchHole(20 * Page, Page),
        ["punch everything"] = PunchHole(0, 100 * Page),

        ["zero pages"] = ZeroRange(Page, 2 * Page),
        ["zero unaligned"] = ZeroRange(100, 3 * Page),
        ["zero within a page"] = ZeroRange(9 * Page + 100, 50),
        ["zero across the end"] = ZeroRange(15 * Page, 3 * Page),
        ["zero across the end, unaligned"] = ZeroRange(15 * Page + 9, Page + 100),
        ["zero beyond the end"] = ZeroRange(20 * Page, Page),
        ["zero pages, size kept"] = ZeroRangeKeepSize(Page, 2 * Page),
        ["zero unaligned, size kept"] = ZeroRangeKeepSize(100, 3 * Page),
        ["zero across the end, size kept"] = ZeroRangeKeepSize(15 * Page + 9, Page + 100),
    };

    private static Dictionary<string, FileOperation> Shifts() => new()
    {
        ["collapse pages"] = CollapseRange(Page, 2 * Page),
        ["collapse from the beginning"] = CollapseRange(0, Page),
        ["collapse at an unaligned place"] = CollapseRange(100, Page),
        ["collapse an unaligned length"] = CollapseRange(Page, 100),
        ["collapse up to the end"] = CollapseRange(14 * Page, 2 * Page),
        ["collapse beyond the end"] = CollapseRange(20 * Page, Page),

        ["insert pages"] = InsertRange(Page, 2 * Page),
        ["insert at the beginning"] = InsertRange(0, Page),
        ["insert at an unaligned place"] = InsertRange(100, Page),
        ["insert an unaligned length"] = InsertRange(Page, 100),
        ["insert at the end"] = InsertRange(16 * Page, Page),
        ["insert beyond the end"] = InsertRange(20 * Page, Page),
        ["insert more than any file system holds"] = InsertRange(0, long.MaxValue & -Page),
    };

    private static Dictionary<string, FileOperation> Unshares() => new()
    {
        ["unshare pages"] = UnshareRange(Page, 2 * Page),
        ["unshare everything"] = UnshareRange(0, 16 * Page),
        ["unshare unaligned"] = UnshareRange(100, Page),
        ["unshare across the end"] = UnshareRange(15 * Page, 2 * Page),
    };

    private static Dictionary<string, FileOperation> Lengths() => new()
    {
        ["set the length down"] = SetLength(5 * Page),
        ["set the length down, unaligned"] = SetLength(5 * Page + 77),
        ["set the length up"] = SetLength(30 * Page),
        ["set the length up, unaligned"] = SetLength(30 * Page + 1),
        ["set the same length"] = SetLength(16 * Page),
        ["set the small file's length"] = SetLength(TwinStates.Small),
        ["set the length to 0"] = SetLength(0),
        ["set a length that ext4 does not have"] = SetLength(FarAway + 1),
    };

    private static Dictionary<string, FileOperation> Clones() => new()
    {
        ["clone"] = CloneWhole(),
        ["clone itself"] = CloneWhole().OnItself(),
        ["clone pages"] = CloneRange(Page, 3 * Page, 2 * Page),
        ["clone from an unaligned place"] = CloneRange(100, 3 * Page, Page),
        ["clone to an unaligned place"] = CloneRange(Page, 100, Page),
        ["clone an unaligned length"] = CloneRange(Page, Page, 100),
        ["clone up to the source's unaligned end, within"] = CloneRange(8 * Page, 2 * Page, TwinStates.SourceTail),
        ["clone up to the source's unaligned end, as the end"] = CloneRange(7 * Page, 16 * Page, Page + TwinStates.SourceTail),
        ["clone across the source's end"] = CloneRange(7 * Page, 0, 4 * Page),
        ["clone beyond the source's end"] = CloneRange(20 * Page, 0, Page),
        ["clone to beyond the end"] = CloneRange(0, 20 * Page, 2 * Page),
        ["clone within the file"] = CloneRange(0, 8 * Page, 2 * Page).OnItself(),
        ["clone within the file backwards"] = CloneRange(8 * Page, 0, 2 * Page).OnItself(),
        ["clone overlapping within the file"] = CloneRange(0, Page, 2 * Page).OnItself(),
        ["clone onto the same place"] = CloneRange(Page, Page, Page).OnItself(),
    };

    private static Dictionary<string, FileOperation> Copies() => new()
    {
        ["copy pages"] = CopyRange(Page, 3 * Page, 2 * Page),
        ["copy unaligned"] = CopyRange(99, 3 * Page + 1, 5000),
        ["copy more than the source has"] = CopyRange(6 * Page, 0, 9 * Page),
        ["copy from the source's end"] = CopyRange(8 * Page + TwinStates.SourceTail, 0, Page),
        ["copy from beyond the source's end"] = CopyRange(20 * Page, 20 * Page, Page),
        ["copy to beyond the end"] = CopyRange(0, 20 * Page + 3, 2 * Page),
        ["copy within the file"] = CopyRange(0, 8 * Page, 2 * Page).OnItself(),
        ["copy unaligned within the file"] = CopyRange(8 * Page + 1, 30, 2 * Page).OnItself(),
        ["copy overlapping within the file"] = CopyRange(0, Page, 2 * Page).OnItself(),
        ["copy onto the same place"] = CopyRange(Page, Page, Page).OnItself(),
    };

    private static Dictionary<string, FileOperation> Dedupes() => new()
    {
        ["dedupe equal pages"] = DedupeRange(0, 0, 4 * Page),
        ["dedupe different pages"] = DedupeRange(4 * Page, 4 * Page, Page),
        ["dedupe partly different pages"] = DedupeRange(0, 0, 6 * Page),
        ["dedupe from an unaligned place"] = DedupeRange(100, 0, Page),
        ["dedupe to an unaligned place"] = DedupeRange(0, 100, Page),
        ["dedupe an unaligned length"] = DedupeRange(0, 0, Page + 100),
        ["dedupe less than a page"] = DedupeRange(0, 0, 100),
        ["dedupe across the end"] = DedupeRange(0, 15 * Page, 2 * Page),
        ["dedupe beyond the end"] = DedupeRange(0, 20 * Page, Page),
        ["dedupe across the source's end"] = DedupeRange(7 * Page, 7 * Page, 4 * Page),
        ["dedupe within the file"] = DedupeRange(2 * Page, 14 * Page, Page).OnItself(),
        ["dedupe overlapping within the file"] = DedupeRange(0, Page, 2 * Page).OnItself(),
        ["dedupe the same place"] = DedupeRange(Page, Page, Page).OnItself(),
    };

    /// <summary>Whether there is a second file.</summary>
    internal bool HasSource { get; private init; }

    internal static FileOperation Write(int count, long offset) => Change(
        file => file.Write(s_data.AsSpan(0, count), offset),
        file => file.WriteAsync(s_data.AsMemory(0, count), offset),
        file => Rest(file, count, offset, PlainCalls.Write(file, s_data.AsSpan(0, count), offset)));

    internal static FileOperation Gather(long offset, params int[] counts)
    {
        List<ReadOnlyMemory<byte>> buffers = [];
        int position = 0;
        foreach (int count in counts)
        {
            buffers.Add(s_data.AsMemory(position, count));
            position += count;
        }

        return Change(
            file => file.Write(buffers, offset),
            file => file.WriteAsync(buffers, offset),
            file => Rest(file, position, offset, PlainCalls.Write(file, buffers, offset)));
    }

    internal static FileOperation Allocate(long offset, long length) =>
        Change(
            file => file.Allocate(offset, length),
            file => file.AllocateAsync(offset, length),
            file => PlainCalls.Allocate(file, 0, offset, length));

    internal static FileOperation AllocateKeepSize(long offset, long length) =>
        Change(
            file => file.Allocate(offset, length, keepSize: true),
            file => file.AllocateAsync(offset, length, keepSize: true),
            file => PlainCalls.Allocate(file, PlainCalls.KeepSize, offset, length));

    internal static FileOperation PunchHole(long offset, long length) => Change(
        file => file.PunchHole(offset, length),
        file => file.PunchHoleAsync(offset, length),
        file => PlainCalls.Allocate(file, PlainCalls.PunchHole | PlainCalls.KeepSize, offset, length));

    internal static FileOperation ZeroRange(long offset, long length) =>
        Change(
            file => file.ZeroRange(offset, length),
            file => file.ZeroRangeAsync(offset, length),
            file => PlainCalls.Allocate(file, PlainCalls.ZeroRange, offset, length));

    internal static FileOperation ZeroRangeKeepSize(long offset, long length) => Change(
        file => file.ZeroRange(offset, length, keepSize: true),
        file => file.ZeroRangeAsync(offset, length, keepSize: true),
        file => PlainCalls.Allocate(file, PlainCalls.ZeroRange | PlainCalls.KeepSize, offset, length));

    internal static FileOperation CollapseRange(long offset, long length) =>
        Change(
            file => file.CollapseRange(offset, length),
            file => file.CollapseRangeAsync(offset, length),
            file => PlainCalls.Allocate(file, PlainCalls.CollapseRange, offset, length));

    internal static FileOperation InsertRange(long offset, long length) =>
        Change(
            file => file.InsertRange(offset, length),
            file => file.InsertRangeAsync(offset, length),
            file => PlainCalls.Allocate(file, PlainCalls.InsertRange, offset, length));

    internal static FileOperation UnshareRange(long offset, long length) =>
        Change(
            file => file.UnshareRange(offset, length),
            file => file.UnshareRangeAsync(offset, length),
            file => PlainCalls.Allocate(file, PlainCalls.UnshareRange, offset, length));

    /// <summary>Several calls, so there is no plain one.</summary>
    internal static FileOperation Prepare() => Change(
        file => file.Prepare(),
        async file => await file.PrepareAsync(),
        _ => throw new NotSupportedException());

    internal static FileOperation SetLength(long length) =>
        Change(file => file.SetLength(length), file => file.SetLengthAsync(length), file => PlainCalls.SetLength(file, length));

    internal static FileOperation CloneWhole() => FromSource(
        (file, source) => file.CloneFrom(source),
        (file, source) => file.CloneFromAsync(source),
        (file, source) => PlainCalls.Clone(source, file));

    internal static FileOperation CloneRange(long sourceOffset, long offset, long length) => FromSource(
        (file, source) => file.CloneFrom(source, sourceOffset, offset, length),
        (file, source) => file.CloneFromAsync(source, sourceOffset, offset, length),
        (file, source) => PlainCalls.CloneRange(source, sourceOffset, file, offset, length));

    internal static FileOperation CopyRange(long sourceOffset, long offset, long length) => new(
        (file, source) => file.CopyFrom(source, sourceOffset, offset, length),
        (file, source) => file.CopyFromAsync(source, sourceOffset, offset, length).AsTask(),
        (file, source) => CopyAll(source, sourceOffset, file, offset, length))
    { HasSource = true };

    internal static FileOperation DedupeRange(long sourceOffset, long offset, long length) => new(
        (file, source) => file.DedupeFrom(source, sourceOffset, offset, length),
        (file, source) => file.DedupeFromAsync(source, sourceOffset, offset, length).AsTask(),
        (file, source) => PlainCalls.DedupeRange(source, sourceOffset, file, offset, length))
    { HasSource = true };

    /// <summary>Makes the call, or that of the asynchronous form.</summary>
    internal Task<long> Make(DirectFile file, DirectFile source, bool isAsync) =>
        isAsync ? CallAsync(file, source) : Task.FromResult(Call(file, source));

    /// <summary>Makes the call, which must answer as the plain one did.</summary>
    /// <param name="file">The file it changes.</param>
    /// <param name="source">The other one.</param>
    /// <param name="plain">What the plain one answered.</param>
    internal void AnswersAs(DirectFile file, DirectFile source, PlainCalls.Answer plain)
    {
        long count = -1;
        Exception? failure = Record.Exception(() => { count = Call(file, source); });
        AssertAnswer(plain, count, failure);
    }

    /// <inheritdoc cref="AnswersAs"/>
    internal async Task AnswersAsyncAs(DirectFile file, DirectFile source, PlainCalls.Answer plain)
    {
        long count = -1;
        Exception? failure = await Record.ExceptionAsync(async () => { count = await CallAsync(file, source).Within(); });
        AssertAnswer(plain, count, failure);
    }

    internal static void AssertAnswer(PlainCalls.Answer plain, long count, Exception? failure)
    {
        if (plain.Errno == 0)
        {
            Assert.Null(failure);
            Assert.Equal(plain.Count, count);
            return;
        }

        Type expected = plain.Errno switch
        {
            PlainCalls.EINVAL => typeof(ArgumentException),
            PlainCalls.EOPNOTSUPP => typeof(NotSupportedException),
            PlainCalls.EPERM or PlainCalls.EBADF => typeof(UnauthorizedAccessException),
            _ => typeof(IOException),
        };
        Assert.Equal(
            $"errno {plain.Errno}: {expected}", failure is null ? "it went well" : $"errno {failure.HResult}: {failure.GetType()}");
    }

    /// <summary>The same with the file as its own source.</summary>
    internal FileOperation OnItself() =>
        new((file, _) => Call(file, file), (file, _) => CallAsync(file, file), (file, _) => Plain(file, file));

    /// <summary>
    /// A call that has written only some bytes is followed by one for the rest, which says why. The library does not count what it has
    /// written: all, or it fails.
    /// </summary>
    private static PlainCalls.Answer Rest(SafeFileHandle file, int count, long offset, PlainCalls.Answer first)
    {
        PlainCalls.Answer last = first;
        if (first.Errno == 0 && first.Count < count)
        {
            last = PlainCalls.Write(file, s_data.AsSpan((int)first.Count, count - (int)first.Count), offset + first.Count);
            Assert.True(last.Errno != 0, "the plain call wrote a piece for no reason");
        }

        return last with { Count = 0 };
    }

    /// <summary>
    /// One call copies what it likes, for example only whole blocks: so as many as there is something to copy, of what the
    /// source had when it began.
    /// </summary>
    private static PlainCalls.Answer CopyAll(SafeFileHandle source, long sourceOffset, SafeFileHandle file, long offset, long length)
    {
        long present = Math.Min(length, RandomAccess.GetLength(source) - sourceOffset);
        PlainCalls.Answer last = PlainCalls.CopyRange(source, sourceOffset, file, offset, length);
        long copied = last.Count;
        while (last is { Errno: 0, Count: > 0 } && copied < present)
        {
            last = PlainCalls.CopyRange(source, sourceOffset + copied, file, offset + copied, present - copied);
            copied += last.Count;
        }

        return last with { Count = copied };
    }

    private static FileOperation Change(
        Action<DirectFile> call, Func<DirectFile, ValueTask> callAsync, Func<SafeFileHandle, PlainCalls.Answer> plain) =>
        FromSource((file, _) => call(file), (file, _) => callAsync(file), (file, _) => plain(file)) with { HasSource = false };

    private static FileOperation FromSource(
        Action<DirectFile, DirectFile> call, Func<DirectFile, DirectFile, ValueTask> callAsync,
        Func<SafeFileHandle, SafeFileHandle, PlainCalls.Answer> plain) => new(
            (file, source) =>
            {
                call(file, source);
                return 0;
            },
            async (file, source) =>
            {
                await callAsync(file, source);
                return 0;
            },
            plain)
        { HasSource = true };
}
