using DirectMap.Tests.Docs;
using DirectMap.Tests.Files;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>On a file system without a free block.</summary>
public sealed class DiskFullTests
{
    private const int Page = FileOperation.Page;

    public static TheoryData<string> FileSystems => ["tmpfs", "ext4", "xfs", "btrfs"];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_file_that_cannot_be_created_leaves_neither_a_name_nor_a_descriptor(string fileSystem)
    {
        using Full full = new(fileSystem);
        int descriptors = ProcSelf.DescriptorsOf(full.Path);
        string[] names = Directory.GetFiles(full.Path);

        Assert.Equal(
            PlainCalls.ENOSPC, Assert.Throws<IOException>(() => DirectFile.Create(Path.Combine(full.Path, "new"), 1 << 20)).HResult);

        Assert.Equal(names, Directory.GetFiles(full.Path));
        Assert.Equal(descriptors, ProcSelf.DescriptorsOf(full.Path));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public async Task What_needs_blocks_is_ENOSPC_and_leaves_what_was_there(string fileSystem)
    {
        using Full full = new(fileSystem);
        string before = TwinStates.Of(full.Seen);
        using (DirectFile file = DirectFile.Open(Path.Combine(full.Path, "file")))
        using (DirectFile source = DirectFile.Open(Path.Combine(full.Path, "source")))
        {
            foreach (FileOperation operation in (FileOperation[])
            [
                FileOperation.Write(2 * Page, 20 * Page),
                FileOperation.Gather(20 * Page, Page, Page),
                FileOperation.Allocate(20 * Page, 1 << 20),
                FileOperation.Allocate(0, 2 << 20),
                FileOperation.AllocateKeepSize(20 * Page, 1 << 20),
            ])
            {
                PlainCalls.Answer noSpace = new(PlainCalls.ENOSPC);
                operation.AnswersAs(file, source, noSpace);
                await operation.AnswersAsyncAs(file, source, noSpace);
                Assert.Equal(before, TwinStates.Of(full.Seen));
            }
        }

        Assert.Equal(full.Descriptors, ProcSelf.DescriptorsOf(full.Path));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public async Task What_may_need_blocks_answers_as_the_system_call(string fileSystem)
    {
        using Full full = new(fileSystem);
        using (DirectFile file = DirectFile.Open(Path.Combine(full.Path, "file")))
        using (DirectFile source = DirectFile.Open(Path.Combine(full.Path, "source")))
        {
            foreach ((string name, FileOperation operation) in (IEnumerable<(string, FileOperation)>)
            [
                ("copy unaligned", FileOperation.CopyRange(1, (20 * Page) + 5, 4 * Page)),
                ("zero", FileOperation.ZeroRange(20 * Page, 1 << 20)),
                ("insert", FileOperation.InsertRange(Page, Page)),
            ])
            {
                string before = TwinStates.Of(full.Seen);
                PlainCalls.Answer plain = operation.Plain(full.Twin, full.Source);
                operation.AnswersAs(file, source, plain);
                if (plain.Errno == 0)
                {
                    continue;
                }

                await operation.AnswersAsyncAs(file, source, plain);
                Assert.Equal(before, TwinStates.Of(full.Seen));
                Assert.True(name != "copy unaligned" || plain.Errno == PlainCalls.ENOSPC, $"{name}: {plain}");
            }
        }

        Assert.Equal(full.Descriptors, ProcSelf.DescriptorsOf(full.Path));
    }

    /// <summary>A small file system of its own with a file, its twin and a source; the rest is filled by another file.</summary>
    private sealed class Full : IDisposable
    {
        private readonly TestDirectory _directory = new();
        private readonly SafeFileHandle _filler;

        internal Full(string fileSystem)
        {
            Requires.Root();
            Path = Directory.CreateDirectory(_directory.File("mount")).FullName;
            string? failure = Mount(fileSystem);
            if (failure is not null)
            {
                _directory.Dispose();
            }

            Requires.Have(fileSystem, failure is null, $"cannot make '{fileSystem}': {failure}");
            try
            {
                Source = New("source");
                TwinStates.MakeSource(Source);
                Twin = New("twin");
                TwinStates.Make(TwinStates.Written, Twin, Source);
                Seen = New("file");
                TwinStates.Make(TwinStates.Written, Seen, Source);
                _filler = New("filler");
                Fill();
                Descriptors = ProcSelf.DescriptorsOf(Path);
            }
            catch
            {
                Unmount();
                throw;
            }
        }

        internal string Path { get; }

        internal SafeFileHandle Source { get; }

        internal SafeFileHandle Twin { get; }

        internal SafeFileHandle Seen { get; }

        /// <summary>How many are open.</summary>
        internal int Descriptors { get; }

        public void Dispose()
        {
            foreach (SafeFileHandle file in (SafeFileHandle[])[_filler, Seen, Twin, Source])
            {
                file.Dispose();
            }

            Unmount();
        }

        /// <summary>At once or, where a child that another test is starting still has its descriptors, with that.</summary>
        private void Unmount()
        {
            Assert.True(
                RealFileSystems.Run("umount", Path) is null || RealFileSystems.Run("umount", "-l", Path) is null, $"cannot unmount {Path}");
            _directory.Dispose();
        }

        private SafeFileHandle New(string name) =>
            PlainCalls.Open(System.IO.Path.Combine(Path, name), PlainCalls.O_RDWR | PlainCalls.O_CREAT | PlainCalls.O_EXCL);

        private string? Mount(string fileSystem)
        {
            if (fileSystem == "tmpfs")
            {
                return RealFileSystems.Run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", Path);
            }

            (long mebibytes, string[] arguments) = fileSystem switch
            {
                "ext4" => (16L, (string[])["-q", "-b", "4096", "-m", "0"]),
                "xfs" => (300L, ["-q"]),
                _ => (128L, ["-q"]),
            };
            string image = _directory.File("image");
            using (FileStream file = File.Create(image))
            {
                file.SetLength(mebibytes << 20);
            }

            return RealFileSystems.Run("mkfs." + fileSystem, [.. arguments, image])
                ?? RealFileSystems.Run("mount", "-o", "loop", image, Path);
        }

        /// <summary>
        /// With blocks as large as they go, then smaller ones; what a file system keeps back for itself is taken when a page can
        /// no longer be written.
        /// </summary>
        private void Fill()
        {
            long end = 0;
            for (long size = 128 << 20; size >= Page; size /= 2)
            {
                while (PlainCalls.Allocate(_filler, 0, end, size).Errno == 0)
                {
                    end += size;
                }
            }

            byte[] page = new byte[Page];
            while (PlainCalls.Write(_filler, page, end) is { Errno: 0 } && PlainCalls.Fsync(_filler).Errno == 0)
            {
                end += Page;
            }
        }
    }
}
