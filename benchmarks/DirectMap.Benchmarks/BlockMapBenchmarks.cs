using System.Diagnostics;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.FileSystems;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks;

/// <summary>
/// What the fault policy costs on a written file in 100,000 fragments, against a bare walk over its extents with FIEMAP (with the same
/// FIEMAP_FLAG_SYNC). Makes the file on an ext4 of its own: needs root, mkfs.ext4 and 1.2 GiB in the temp folder.
/// </summary>
public unsafe partial class BlockMapBenchmarks
{
    private const int Block = 4096;
    private const long ImageBytesPerFragment = 12_583; // the fragment, the gap beside it, and the file system's own
    private const nuint FS_IOC_FIEMAP = 0xC020660B;
    private const int ExtentsPerCall = 512;

    private static readonly int s_fragments = Grid.Selection == Grid.First ? 10_000 : 100_000;

    private string _folder = "";
    private bool _isMounted;
    private WhenStopped? _whenStopped;
    private DirectFile? _file;
    private SafeFileHandle? _handle;
    private byte* _buffer;

    [GlobalSetup]
    public void Setup()
    {
        try
        {
            Mount();
        }
        catch
        {
            Cleanup();
            throw;
        }
    }

    private void Mount()
    {
        _folder = Directory.CreateTempSubdirectory("directmap-benchmark-").FullName;
        _whenStopped = WhenStopped.Do(Remove);
        string image = Path.Combine(_folder, "image");
        using (FileStream stream = File.Create(image))
        {
            stream.SetLength(s_fragments * ImageBytesPerFragment);
        }

        string mounted = Directory.CreateDirectory(Path.Combine(_folder, "mounted")).FullName;
        Run("mkfs.ext4", "-q", "-b", $"{Block}", image);
        Run("mount", "-o", "loop", image, mounted);
        _isMounted = true;
        string path = Path.Combine(mounted, "fragmented");
        MakeFragmented(mounted, path);
        _file = DirectFile.Open(path);
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        _buffer = (byte*)NativeMemory.Alloc(32 + (56 * ExtentsPerCall));
        int extents = BareWalk();
        if (extents < s_fragments)
        {
            throw new InvalidOperationException($"The file has only {extents} extents.");
        }
    }

    /// <summary>Also after a setup that failed, which has cleaned up by itself.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _file?.Dispose();
        _handle?.Dispose();
        NativeMemory.Free(_buffer);
        _buffer = null;
        Remove();
        _whenStopped?.Dispose();
    }

    private void Remove()
    {
        if (_isMounted)
        {
            Run("umount", "-l", Path.Combine(_folder, "mounted")); // Who is stopped may have the file open, and is about to end.
            _isMounted = false;
        }

        if (_folder != "")
        {
            Directory.Delete(_folder, recursive: true);
            _folder = "";
        }
    }

    [Benchmark(Baseline = true), BenchmarkCategory("BlockMap")]
    public int BareWalk()
    {
        long position = 0;
        int extents = 0;
        while (true)
        {
            // struct fiemap: start, length, flags, mapped extents, extent count, reserved; then the extents of 56 bytes.
            ((ulong*)_buffer)[0] = (ulong)position;
            ((ulong*)_buffer)[1] = ulong.MaxValue - (ulong)position;
            ((uint*)_buffer)[4] = 1; // FIEMAP_FLAG_SYNC
            ((uint*)_buffer)[5] = 0;
            ((uint*)_buffer)[6] = ExtentsPerCall;
            if (Control(_handle!, FS_IOC_FIEMAP, _buffer) != 0)
            {
                throw new IOException("FIEMAP");
            }

            int count = (int)((uint*)_buffer)[5];
            if (count == 0)
            {
                return extents;
            }

            extents += count;
            ulong* last = (ulong*)(_buffer + 32 + (56 * (count - 1)));
            position = (long)(last[0] + last[2]);
        }
    }

    [Benchmark, BenchmarkCategory("BlockMap")]
    public void MapUnderTheStrictPolicy() => _file!.Map(MapOptions.DirectOrEmulated).Dispose();

    [Benchmark, BenchmarkCategory("BlockMap")]
    public long GetExtents()
    {
        long bytes = 0;
        foreach (Extent extent in _file!.GetExtents())
        {
            bytes += extent.Length;
        }

        return bytes;
    }

    /// <summary>Fills the file system, frees every other block, and writes a file into the gaps.</summary>
    private static void MakeFragmented(string folder, string path)
    {
        string filler = Path.Combine(folder, "filler");
        string rest = Path.Combine(folder, "rest");
        File.WriteAllBytes(filler, []);
        File.WriteAllBytes(rest, []);
        File.WriteAllBytes(path, []);
        using (DirectFile gaps = DirectFile.Open(filler))
        using (DirectFile full = DirectFile.Open(rest))
        using (DirectFile file = DirectFile.Open(path))
        {
            long length = s_fragments / 10L * 13 * Block;
            gaps.Allocate(0, 2 * length);
            long position = 0;
            for (long size = 64 << 20; size >= Block;)
            {
                try
                {
                    full.Allocate(position, size);
                    position += size;
                }
                catch (IOException)
                {
                    size /= 2;
                }
            }

            for (long offset = 0; offset < 2 * length; offset += 2 * Block)
            {
                gaps.PunchHole(offset, Block);
            }

            gaps.Flush();
            length -= s_fragments / 50L * Block; // Extents need blocks, too.
            file.Allocate(0, length);
            byte[] data = new byte[1 << 20];
            for (long offset = 0; offset < length; offset += data.Length)
            {
                file.Write(data.AsSpan(0, (int)Math.Min(data.Length, length - offset)), offset);
            }

            file.Flush();
        }

        File.Delete(filler);
        File.Delete(rest);
    }

    private static void Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{command} failed; this benchmark needs root.");
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, byte* argument);
}
