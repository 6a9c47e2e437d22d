namespace DirectMap.Tool.Holders;

/// <summary>How a file is mapped.</summary>
/// <param name="IsShared">MAP_SHARED: stores change the file.</param>
/// <param name="IsReadable">PROT_READ.</param>
/// <param name="IsWritable">PROT_WRITE.</param>
/// <param name="IsExecutable">PROT_EXEC.</param>
/// <param name="IsCertain">
/// Whether it is this file, and not one of the same numbers in another subvolume or layer.
/// </param>
internal readonly record struct MappingKind(bool IsShared, bool IsReadable, bool IsWritable, bool IsExecutable, bool IsCertain)
{
    internal static MappingKind Of(string permissions, bool isCertain) =>
        new(permissions[3] == 's', permissions[0] == 'r', permissions[1] == 'w', permissions[2] == 'x', isCertain);
}

/// <summary>What a process has mapped of the file in one way.</summary>
/// <param name="Kind">The way.</param>
/// <param name="Count">How many mappings there are; the kernel joins neighbours.</param>
/// <param name="Bytes">How many bytes of addresses; a page that is mapped twice counts twice.</param>
internal sealed record MappingSum(MappingKind Kind, int Count, long Bytes);
