using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tool.Benchmarking;

/// <summary>A FileStream over the very file that is mapped: its name may mean another one by now.</summary>
internal static class SameFileStream
{
    /// <exception cref="IOException">The name means another file.</exception>
    internal static FileStream Open(DirectFile file, string path)
    {
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        try
        {
            // Asked of the descriptor: the name can be replaced between two looks at it.
            using DirectFile opened = DirectFile.Open(
                $"/proc/self/fd/{handle.DangerousGetHandle()}", new DirectFileOptions { Access = FileAccess.Read });
            return opened.Id == file.Id
                ? new FileStream(handle, FileAccess.Write, bufferSize: 0)
                : throw new IOException($"'{path}' was replaced by another file meanwhile; neither was changed");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
