using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Does what another one does, except for what a <see cref="ScriptedBacking"/> says.</summary>
/// <param name="script">Who says.</param>
/// <param name="inner">The other one.</param>
/// <param name="isApart">Whether it is the description that is only waited with.</param>
internal sealed class ScriptedOpenedFile(ScriptedBacking script, OpenedFile inner, bool isApart = false)
    : OpenedFile(inner.Inode, inner.Handle, inner.Path)
{
    internal override Statx.FileStatus Status => inner.Status;

    /// <summary>One whose files can share blocks, so that an operation with a source touches that, too.</summary>
    internal override FileSystem FileSystem =>
        inner.FileSystem is var found && script.BlockSize is { } size
            ? found with { NeverShares = false, BlockSize = size, Stability = script.Stability ?? found.Stability }
            : found with { NeverShares = false, IsNoCopyOnWrite = script.IsNoCopyOnWrite };

    internal override (long Total, long Free, long Available) Space => inner.Space;

    internal override IBlockMap BlockMap => inner.BlockMap;

    internal override int TryGetLength(out long length) => inner.TryGetLength(out length);

    internal override bool MayLease(FileAccess access, uint owner) => inner.MayLease(access, owner);

    internal override MappedView MapView(FileRange range, MappingAccess access, bool wantsSync) => inner.MapView(range, access, wantsSync);

    internal override int TryPopulate(MappedView view, long offset, long length, bool writing) =>
        script.Before(nameof(TryPopulate)) ?? inner.TryPopulate(view, offset, length, writing);

    internal override int TryRead(Span<byte> buffer, long offset, out int count) => inner.TryRead(buffer, offset, out count);

    internal override int TryWrite(ReadOnlySpan<byte> data, long offset)
    {
        int? answer = script.Before(nameof(TryWrite));
        if (answer is null || script.DoesHalf)
        {
            int errno = inner.TryWrite(answer is null ? data : data[..(data.Length / 2)], offset);
            return answer ?? errno;
        }

        return answer.Value;
    }

    internal override int TryWrite(ReadOnlyMemory<byte>[] buffers, long offset)
    {
        int? answer = script.Before(nameof(TryWrite));
        if (answer is null || script.DoesHalf)
        {
            int errno = inner.TryWrite(answer is null ? buffers : buffers[..(buffers.Length / 2)], offset);
            return answer ?? errno;
        }

        return answer.Value;
    }

    internal override int TryBeginWriteback(FileRange range) =>
        script.Before(nameof(TryBeginWriteback)) ?? inner.TryBeginWriteback(range);

    internal override int TryAwaitWriteback(FileRange range) =>
        script.Before(isApart ? "TryAwaitApart" : nameof(TryAwaitWriteback)) ?? inner.TryAwaitWriteback(range);

    internal override OpenedFile? TryOpenApart() =>
        script.Before(nameof(TryOpenApart)) is null && inner.TryOpenApart() is { } apart
            ? new ScriptedOpenedFile(script, apart, isApart: true)
            : null;

    internal override int TrySync() => script.Before(nameof(TrySync)) ?? inner.TrySync();

    internal override int TryLock(FileRange bytes) => script.Before(nameof(TryLock)) ?? inner.TryLock(bytes);

    internal override int TryLockShared(FileRange bytes) => script.Before(nameof(TryLockShared)) ?? inner.TryLockShared(bytes);

    internal override int TryUnlock(FileRange bytes) => script.Before(nameof(TryUnlock)) ?? inner.TryUnlock(bytes);

    internal override bool? IsLockedByOther(FileRange bytes) => inner.IsLockedByOther(bytes);

    internal override int? LockingProcess(FileRange bytes) => inner.LockingProcess(bytes);

    internal override int TryAllocate(Fallocate.FallocateMode mode, FileRange range) =>
        script.Before(nameof(TryAllocate)) ?? inner.TryAllocate(mode, range);

    internal override int TrySetLength(long length) => script.Before(nameof(TrySetLength)) ?? inner.TrySetLength(length);

    internal override int TryClone(OpenedFile source) => script.Before(nameof(TryClone)) ?? inner.TryClone(source);

    internal override int TryCloneRange(OpenedFile source, FileRange range, long offset) =>
        script.Before(nameof(TryCloneRange)) ?? inner.TryCloneRange(source, range, offset);

    internal override int TryDedupe(OpenedFile source, FileRange range, long offset, out long deduped)
    {
        deduped = 0;
        return script.Before(nameof(TryDedupe)) ?? inner.TryDedupe(source, range, offset, out deduped);
    }

    internal override int TryCopy(OpenedFile source, FileRange range, long offset, out long copied)
    {
        copied = 0;
        int? answer = script.Before(nameof(TryCopy));
        if (answer is null || script.DoesHalf)
        {
            FileRange part = answer is null ? range : new FileRange(range.Offset, range.Length / 2);
            int errno = inner.TryCopy(source, part, offset, out copied);
            return answer ?? errno;
        }

        return answer.Value;
    }
}
