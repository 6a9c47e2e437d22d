using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <summary>A file that is to be mapped, as far as its opener and its file system tell without mapping it.</summary>
/// <param name="Path">Its path as it was opened, for messages.</param>
/// <param name="OpenedFor">Read or ReadWrite.</param>
/// <param name="Status">Its size and attributes.</param>
/// <param name="FileSystem">Where it is.</param>
/// <param name="Backing">What opened it.</param>
/// <param name="Judge">Who judges a mapping that brings no policy of its own.</param>
internal readonly record struct MapTarget(
    string Path, FileAccess OpenedFor, Statx.FileStatus Status, FileSystem FileSystem, BackingFacts Backing, ExtentJudge Judge);
