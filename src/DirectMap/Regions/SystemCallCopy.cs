using DirectMap.Linux;

namespace DirectMap.Regions;

/// <summary>
/// One access of many bytes, where there is no fault handler: a copy that ends with an error number at a page that the kernel cannot
/// provide. What is reported is the whole access. The caller has checked it, and keeps the region's memory alive.
/// </summary>
/// <param name="core">The region's.</param>
/// <param name="offset">First byte of the access.</param>
/// <param name="length">Its bytes.</param>
/// <param name="access">Whether it reads or writes the region.</param>
internal readonly unsafe ref struct SystemCallCopy(RegionCore core, long offset, long length, FaultAccess access)
{
    private FileRange Whole => new(core.Facts.Range.Offset + offset, length);

    /// <summary>Copies between the region and other memory, which is as long.</summary>
    internal void Copy(byte* memory) => Copy(offset, memory, length);

    /// <summary>Sets all bytes to one value.</summary>
    internal void Fill(byte value)
    {
        Span<byte> pattern = stackalloc byte[(int)Math.Min(length, 4096)];
        pattern.Fill(value);
        fixed (byte* from = pattern)
        {
            for (long done = 0; done < length; done += pattern.Length)
            {
                Copy(offset + done, from, Math.Min(pattern.Length, length - done));
            }
        }
    }

    /// <summary>Copies between memory that is no mapping's and memory of another region.</summary>
    /// <exception cref="IOException">That memory cannot be accessed.</exception>
    internal static void Apart(string path, ReadOnlySpan<byte> from, Span<byte> to, bool isOtherRead)
    {
        fixed (byte* source = from, destination = to)
        {
            for (int done = 0; done < from.Length;)
            {
                long count = isOtherRead
                    ? ProcessVm.TryRead(source + done, destination + done, (nuint)(from.Length - done))
                    : ProcessVm.TryWrite(source + done, destination + done, (nuint)(from.Length - done));
                if (count <= 0)
                {
                    throw new IOException($"A copy of '{path}': the memory on the other side cannot be accessed (EFAULT)")
                    {
                        HResult = Errno.EFAULT
                    };
                }

                done += (int)count;
            }
        }
    }

    private void Copy(long at, byte* memory, long count)
    {
        for (long done = 0; done < count;)
        {
            // A piece ends with a page, so that one that is copied in part ends where the lost page begins.
            long piece = Math.Min(count - done, MappedRegion.PieceSize - ((at + done) % Environment.SystemPageSize));
            byte* mapped = core.Mapping.Start + at + done; // In bounds and alive: as the caller has checked, and until it leaves.
            long copied = access == FaultAccess.Read
                ? ProcessVm.TryRead(mapped, memory + done, (nuint)piece)
                : ProcessVm.TryWrite(memory + done, mapped, (nuint)piece);
            if (copied is 0 or -Errno.EFAULT)
            {
                ThrowFault(at + done);
            }

            if (copied < 0)
            {
                throw Errno.ToException((int)-copied, "process_vm_readv or process_vm_writev", core.Facts.Path, Whole);
            }

            done += copied;
        }
    }

    private void ThrowFault(long at)
    {
        long page = Environment.SystemPageSize;
        long start = Rounding.PageDown(at);
        FileRange region = core.Facts.Range;
        if (core.Mapping.TryPopulate(start, page, writing: access == FaultAccess.Write) == 0)
        {
            throw new IOException(
                $"A copy of '{core.Facts.Path}', bytes {Whole}: the memory on the other side cannot be accessed (EFAULT)")
            {
                HResult = Errno.EFAULT
            };
        }

        throw core.CopyFault(Whole, new FileRange(region.Offset + start, Math.Min(page, region.Length - start)), access);
    }
}
