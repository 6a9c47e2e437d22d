using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>An address range that mmap(2) has returned; munmap(2) when it is released.</summary>
internal sealed unsafe class MappedPages : SafeHandle
{
    private readonly nuint _length;

    /// <param name="length">What will be mapped, in bytes.</param>
    internal MappedPages(nuint length)
        : base(invalidHandleValue: 0, ownsHandle: true) => _length = length;

    public override bool IsInvalid => handle == 0;

    /// <summary>The address of the first byte, while it is not released.</summary>
    internal byte* Start => (byte*)handle;

    /// <summary>The range is mapped from now on.</summary>
    internal void Own(byte* start) => SetHandle((nint)start);

    protected override bool ReleaseHandle() => Mmap.TryUnmap((byte*)handle, _length);
}
