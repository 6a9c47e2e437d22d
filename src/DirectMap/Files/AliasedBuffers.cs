using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Files;

/// <summary>
/// Reads and writes whose buffer is memory of the same file (the span of a scope, say) and has bytes in common with what is read or
/// written. The kernel copies in whatever direction and steps it likes, so what it stores may be what it has still to load. So there is a
/// copy of the whole in between: in pieces it would be several calls, of which others see the middle. That copy is made by system calls
/// where they are to be had, which end with an error number where memory was lost, as pread and pwrite do.
/// </summary>
internal static unsafe class AliasedBuffers
{
    /// <inheritdoc cref="OpenedFile.TryRead"/>
    internal static int TryRead(OpenedFile file, Span<byte> buffer, long offset, out int count)
    {
        if (!IsAliased(file.Inode, buffer, offset, buffer.Length))
        {
            return file.TryRead(buffer, offset, out count);
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            int errno = file.TryRead(copy.AsSpan(0, buffer.Length), offset, out count);
            return errno != 0 ? errno : TryCopy(copy.AsSpan(0, count), buffer[..count], ofBuffer: Direction.To);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <inheritdoc cref="OpenedFile.TryWrite(ReadOnlySpan{byte}, long)"/>
    internal static int TryWrite(OpenedFile file, ReadOnlySpan<byte> data, long offset)
    {
        if (!IsAliased(file.Inode, data, offset, data.Length))
        {
            return file.TryWrite(data, offset);
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(data.Length);
        try
        {
            Span<byte> copied = copy.AsSpan(0, data.Length);
            int errno = TryCopy(data, copied, ofBuffer: Direction.From);
            return errno != 0 ? errno : file.TryWrite(copied, offset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <inheritdoc cref="OpenedFile.TryWrite(ReadOnlyMemory{byte}[], long)"/>
    internal static int TryWrite(OpenedFile file, ReadOnlyMemory<byte>[] buffers, long offset)
    {
        long length = buffers.Sum(static buffer => (long)buffer.Length);
        ReadOnlyMemory<byte>[] apart = buffers;
        for (int i = 0; i < buffers.Length; i++)
        {
            ReadOnlySpan<byte> data = buffers[i].Span;
            if (!IsAliased(file.Inode, data, offset, length)) // Where any of them goes: those before it are written first.
            {
                continue;
            }

            byte[] copy = new byte[data.Length];
            int errno = TryCopy(data, copy, ofBuffer: Direction.From);
            if (errno != 0)
            {
                return errno;
            }

            apart = ReferenceEquals(apart, buffers) ? [.. buffers] : apart;
            apart[i] = copy;
        }

        return file.TryWrite(apart, offset);
    }

    private static bool IsAliased(Inode inode, ReadOnlySpan<byte> memory, long offset, long length)
    {
        // An address that is only compared: what the collector moves is in no mapping, before or after.
        void* address = Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
        MappedAddresses addresses = inode.Addresses;
        return !memory.IsEmpty && addresses.MayHave(address) && addresses.OffsetOf(address) is >= 0 and long at
            && at < offset + length && offset < at + memory.Length;
    }

    /// <returns>0, or the error number.</returns>
    private static int TryCopy(ReadOnlySpan<byte> from, Span<byte> to, Direction ofBuffer)
    {
        if (ProcessVm.Obstacle != 0)
        {
            from.CopyTo(to);
            return 0;
        }

        // In bounds: both have from.Length bytes. Alive: the caller's spans.
        fixed (byte* source = from, destination = to)
        {
            for (int done = 0; done < from.Length;)
            {
                nuint left = (nuint)(from.Length - done);
                long count = ofBuffer == Direction.From
                    ? ProcessVm.TryRead(source + done, destination + done, left)
                    : ProcessVm.TryWrite(source + done, destination + done, left);
                if (count <= 0)
                {
                    return count == 0 ? Errno.EFAULT : (int)-count;
                }

                done += (int)count;
            }
        }

        return 0;
    }

    /// <summary>Whether the caller's buffer is read or stored to.</summary>
    private enum Direction
    {
        From,
        To,
    }
}
