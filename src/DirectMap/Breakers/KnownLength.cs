namespace DirectMap.Breakers;

/// <summary>A file's length as it was seen. It counts as long as no operation of the library has begun or ended since.</summary>
/// <param name="Stamp">How many have begun and ended, before the length was asked for.</param>
/// <param name="Length">In bytes; -1 where it is not known.</param>
internal readonly record struct KnownLength(long Stamp, long Length)
{
    internal static KnownLength None => new(-1, -1);
}
