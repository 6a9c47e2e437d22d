namespace DirectMap.Linux;

/// <summary>
/// The C library: every import of this room names it. 64-bit Linux only; the constants of the room hold for x64 and arm64.
/// </summary>
internal static class Libc
{
    internal const string Name = "libc";
}
