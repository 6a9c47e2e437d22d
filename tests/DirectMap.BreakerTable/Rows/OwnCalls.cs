using System.IO.MemoryMappedFiles;
using DirectMap.BreakerTable.Others;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.BreakerTable.Rows;

/// <summary>What .NET offers, in this process, past the library.</summary>
internal static class OwnCalls
{
    private static readonly byte[] s_content = [.. Enumerable.Repeat((byte)'c', Subject.Part)];

    internal static IEnumerable<Row> List =>
    [
        Row.Own(RowKind.Own, "own-stream", "FileStream: Write, Flush", subject => () =>
        {
            using FileStream stream = new(subject.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.Position = Subject.Begin;
            stream.Write(s_content);
        }),
        Row.Own(RowKind.Own, "own-early-stream", "FileStream from before the guard: Write, Flush", EarlyStream),
        Row.Own(RowKind.Own, "own-stream-length", "FileStream: SetLength, shorter", subject => () =>
        {
            using FileStream stream = new(subject.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.SetLength(Subject.Begin);
        }),
        Row.Own(RowKind.Own, "own-write-all", "File.WriteAllText", subject => () => File.WriteAllText(subject.Path, "c")),
        Row.Own(RowKind.Own, "own-append-all", "File.AppendAllText", subject => () => File.AppendAllText(subject.Path, "c")),
        Row.Own(RowKind.Own, "own-random-access", "RandomAccess.Write", subject => () =>
        {
            using SafeFileHandle handle = File.OpenHandle(subject.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(handle, s_content, Subject.Begin);
        }),
        Row.Own(RowKind.Own, "own-set-length", "RandomAccess.SetLength, longer", subject => () =>
        {
            using SafeFileHandle handle = File.OpenHandle(subject.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.SetLength(handle, Subject.WholeLength + Subject.Part);
        }),
        Row.Own(RowKind.Own, "own-preallocation", "File.OpenHandle: FileMode.Create, preallocationSize", subject => () =>
            File.OpenHandle(
                subject.Path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, preallocationSize: Subject.Part).Dispose()),
        Row.Own(RowKind.Own, "own-copy-over", "File.Copy over it", subject => () =>
            File.Copy(subject.Other, subject.Path, overwrite: true)),
        Row.Own(RowKind.Own, "own-larger-map", "MemoryMappedFile.CreateFromFile, a larger capacity", subject => () =>
            MemoryMappedFile.CreateFromFile(subject.Path, FileMode.Open, null, Subject.WholeLength + Subject.Part).Dispose()),
        Row.Own(RowKind.Own, "own-map-store", "MemoryMappedFile: a store through a view", subject => () =>
        {
            using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(subject.Path, FileMode.Open);
            using MemoryMappedViewAccessor view = map.CreateViewAccessor();
            view.Write(Subject.Begin, 1L);
        }),
        Row.Own(RowKind.Harmless, "own-read-all", "File.ReadAllBytes", subject => () => File.ReadAllBytes(subject.Path)),
        Row.Own(RowKind.Harmless, "own-move", "File.Move", subject => () => File.Move(subject.Path, subject.Path + ".moved")),
        Row.Own(RowKind.Shares, "own-copy-from", "File.Copy from it", subject => () =>
            File.Copy(subject.Path, Path.Combine(subject.Folder, "copy"))),
    ];

    private static Action EarlyStream(Subject subject)
    {
        FileStream stream = new(subject.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        return () =>
        {
            using (stream)
            {
                stream.Position = Subject.Begin;
                stream.Write(s_content);
            }
        };
    }
}
