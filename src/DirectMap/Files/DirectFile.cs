using DirectMap.Backings;
using DirectMap.Configuration;
using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Regions;
using DirectMap.Telemetry;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <summary>
/// A file that can be mapped directly. It is also the owner of what is mapped through it: its own operations do not break its own
/// leases, while those made through any other <see cref="DirectFile"/> on the same file do, whatever path, hard link or symbolic
/// link it was opened by.
/// <para>
/// All members are safe for any thread. Offsets and lengths are in bytes. Disposing the file leaves its regions alone: they live
/// until they are disposed.
/// </para>
/// </summary>
public sealed partial class DirectFile : IDisposable
{
    /// <summary>Of opening or creating a file that others create and delete all the time.</summary>
    private const int MaxAttempts = 16;

    private static int s_count;

    private readonly OwnedFile _own;
    private readonly LayoutOperations _operations;
    private readonly RegionFactory _regions;
    private readonly OpenedAs _opened;
    private readonly IBlockMap? _blockMap;
    private readonly FailureWatch _failures;
    private readonly FileEvents _events;

    private DirectFile(string path, InodeReference inode, DirectFileOptions options, FileConfiguration configuration)
    {
        Path = path;
        _own = new OwnedFile(inode, options.Access, $"DirectFile #{Interlocked.Increment(ref s_count)} '{path}'", typeof(DirectFile));
        _operations = new LayoutOperations(_own);
        _events = configuration.Events;
        _failures = new FailureWatch(inode.Inode.Id, inode.Inode.Syncs, _events);
        _opened = new OpenedAs(options.Access, options.LeasesWithoutOwnership);
        _blockMap = options.BlockMap;
        ExtentJudge judge = new(options.FaultPolicy ?? configuration.FaultPolicy, options.BlockMap);
        _regions = new RegionFactory(path, inode, _own.Owner, _opened, judge, _events);
    }

    /// <summary>
    /// The coordinator of files that are opened without one of their own: the system's clock, and the system's break time
    /// (/proc/sys/fs/lease-break-time) until it is changed here.
    /// </summary>
    public static LeaseCoordinator DefaultCoordinator { get; } = new(
        new LeaseCoordinatorOptions { LeaseBreakTime = SystemSettings.LeaseBreakTime(), Configuration = DirectFileFactory.DefaultName });

    /// <summary>Full path as it was opened.</summary>
    public string Path { get; }

    /// <summary>The file's identity.</summary>
    public FileId Id => _own.Id;

    /// <summary>How it was opened: <see cref="FileBackingKind.Linux"/> or <see cref="FileBackingKind.Portable"/>.</summary>
    public FileBackingKind BackingKind => Backing.Kind;

    /// <summary>Length in bytes, as it is now (stx_size); 0 or more.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Length => File.Status.Size;

    private ILeaseCoordinator Coordinator => _own.Coordinator;

    private FileBacking Backing => _own.Inode.Backing;

    private OpenedFile File => _own.File;

    /// <summary>
    /// Creates a file whose every block is allocated and written (zeros), so that no later store needs the file system. It must not exist.
    /// The file and its name are durable when that is done; when it fails, or the process ends, nothing is left behind. It gets its name
    /// when it is whole (O_TMPFILE, linkat), so nobody sees a half-made one. Where the file system cannot make one without a name (NFS,
    /// FUSE, 9p, vfat), and with the portable backing, it is made under another name beside its own, ".directmap-" and 32 digits. What is
    /// left of it when the process ends is removed by the next creation of a file in that directory, whatever process makes it.
    /// </summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How it is opened; null for the defaults.</param>
    /// <returns>The file, open for reading and writing.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or <paramref name="options"/> ask for other access than
    /// reading and writing.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="IOException">It exists (EEXIST), the device is full (ENOSPC) or fails (EIO), or the file would be larger than the
    /// file system or the process's RLIMIT_FSIZE allows (EFBIG), or its file system has no way to give it its name without replacing
    /// another (neither renameat2 with RENAME_NOREPLACE nor linkat: EPERM, ENOSYS, EOPNOTSUPP, EINVAL), or somebody removes what is made
    /// under another name (ENOENT), or the file itself just when it has its name (ESTALE), or locks it just when it has its name
    /// (<see cref="DirectFileOptions.Share"/>, EAGAIN).</exception>
    /// <exception cref="DirectoryNotFoundException">The directory does not exist (ENOENT).</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written (EACCES, EROFS).</exception>
    /// <exception cref="NotSupportedException">On hugetlbfs files cannot be created so (EOPNOTSUPP).</exception>
    /// <exception cref="PlatformNotSupportedException">The Linux backing was asked for, and the system is not Linux.</exception>
    public static DirectFile Create(string path, long length, DirectFileOptions? options = null) =>
        DirectFileFactory.Default.Create(path, length, options);

    /// <inheritdoc cref="Create(string, long, DirectFileOptions)"/>
    /// <remarks>A pool thread does the work.</remarks>
    /// <param name="progress">
    /// Is told after each MiB how many bytes are written (durable they are when all is done), on the thread that writes. The file has no
    /// name yet. Null for nobody.
    /// </param>
    /// <param name="cancellationToken">Ends it between two MiB, and before the name is made durable; then nothing is left behind.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is left behind.</exception>
    public static Task<DirectFile> CreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        DirectFileFactory.Default.CreateAsync(path, length, options, progress, cancellationToken);

    /// <summary>Opens a file that exists.</summary>
    /// <param name="path">Which; symbolic links are followed.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The file.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or the access is write-only.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="FileNotFoundException">It does not exist (ENOENT).</exception>
    /// <exception cref="DirectoryNotFoundException">Its directory does not exist (ENOENT).</exception>
    /// <exception cref="IOException">It could not be opened (EIO, ELOOP, EMFILE, ...), or is open elsewhere with a FileShare that
    /// <see cref="DirectFileOptions.Share"/> does not go with (EAGAIN).</exception>
    /// <exception cref="PlatformNotSupportedException">The Linux backing was asked for, and the system is not Linux.</exception>
    /// <exception cref="UnauthorizedAccessException">It is a directory (EISDIR), or may not be opened so (EACCES, EROFS).</exception>
    /// <exception cref="NotSupportedException">It is a pipe, a socket or a device (EINVAL).</exception>
    /// <exception cref="InvalidOperationException">The process has it open under another coordinator, or with another backing.</exception>
    public static DirectFile Open(string path, DirectFileOptions? options = null) => DirectFileFactory.Default.Open(path, options);

    /// <summary>
    /// Opens the file that exists, or creates it as <see cref="Create"/> does; also when another thread or process does the same at the
    /// same time: one creates it, and the others open it when it is whole.
    /// </summary>
    /// <param name="path">Where; symbolic links are followed, also to a file that is not there yet.</param>
    /// <param name="length">Length in bytes of a file that is created; 1 or more. One that exists keeps its own, whatever it is.</param>
    /// <param name="options">How it is opened; null for the defaults.</param>
    /// <returns>The file, open for reading and writing.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or <paramref name="options"/> ask for other access than
    /// reading and writing.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="IOException">The device is full (ENOSPC) or fails (EIO), or the file would be larger than the file system or the
    /// process's RLIMIT_FSIZE allows (EFBIG), or it is open elsewhere with a FileShare that <see cref="DirectFileOptions.Share"/> does not
    /// go with (EAGAIN), or its file system has no way to give it its name without replacing another (EPERM, ENOSYS, EOPNOTSUPP,
    /// EINVAL), or somebody removes what is made under another name each time (ENOENT).</exception>
    /// <exception cref="DirectoryNotFoundException">The directory does not exist (ENOENT).</exception>
    /// <exception cref="UnauthorizedAccessException">It is a directory (EISDIR), the file may not be written or not read, or its
    /// directory may not be written (EACCES, EROFS). The path leads, through a symbolic link that belongs neither to the caller nor to its
    /// folder's owner, in a sticky folder that everybody may write, to a file that is not there (EACCES).</exception>
    /// <exception cref="PlatformNotSupportedException">The Linux backing was asked for, and the system is not Linux.</exception>
    /// <exception cref="NotSupportedException">It is a pipe, a socket or a device (EINVAL).</exception>
    /// <exception cref="InvalidOperationException">The process has it open under another coordinator, or with another backing.</exception>
    public static DirectFile OpenOrCreate(string path, long length, DirectFileOptions? options = null) =>
        DirectFileFactory.Default.OpenOrCreate(path, length, options);

    internal static DirectFile OpenOrCreateUnder(string path, long length, DirectFileOptions? options, FileConfiguration configuration)
    {
        options = CheckForCreation(path, length, options);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return OpenUnder(path, options, configuration);
            }
            catch (FileNotFoundException)
            {
                // To be made, then.
            }

            try
            {
                string fullPath = System.IO.Path.GetFullPath(path);
                return CreateUnder(fullPath, PortablePath.PlaceOf(fullPath), length, options, configuration, default);
            }
            catch (IOException exception)
                when (attempt < MaxAttempts
                    && (exception.HResult is Linux.Errno.EEXIST or Linux.Errno.ESTALE
                        || (exception.HResult == Linux.Errno.ENOENT && exception is not DirectoryNotFoundException)
                        || System.IO.File.Exists(path)))
            {
                // Somebody else was faster, or has removed what was made.
            }
        }
    }

    internal static DirectFile CreateUnder(string path, long length, DirectFileOptions? options, FileConfiguration configuration)
    {
        options = CheckForCreation(path, length, options);
        string fullPath = System.IO.Path.GetFullPath(path);
        return CreateUnder(fullPath, fullPath, length, options, configuration, default);
    }

    internal static Task<DirectFile> CreateUnderAsync(
        string path, long length, DirectFileOptions? options, FileConfiguration configuration, CreationWatch watch)
    {
        options = CheckForCreation(path, length, options);
        string fullPath = System.IO.Path.GetFullPath(path); // The current folder is the caller's of now.
        return Task.Run(() => CreateUnder(fullPath, fullPath, length, options, configuration, watch), watch.CancellationToken);
    }

    private static DirectFile CreateUnder(
        string fullPath, string target, long length, DirectFileOptions options, FileConfiguration configuration, CreationWatch watch)
    {
        FileBacking backing = BackingOf(options, configuration);
        FileBinding binding = BindingOf(options, configuration);
        DirectFile file = Of(
            fullPath,
            backing.Create(target, length, binding, options.Share, watch),
            options,
            configuration);
        configuration.Events.Created(fullPath, length);
        return file;
    }

    internal static DirectFile OpenUnder(string path, DirectFileOptions? options, FileConfiguration configuration)
    {
        options = Check(path, options);
        string fullPath = System.IO.Path.GetFullPath(path);
        return Of(
            fullPath,
            BackingOf(options, configuration).Open(fullPath, options.Access, BindingOf(options, configuration), options.Share),
            options,
            configuration);
    }

    /// <summary>The file of a reference, which goes where there is none.</summary>
    private static DirectFile Of(string path, InodeReference inode, DirectFileOptions options, FileConfiguration configuration)
    {
        try
        {
            return new DirectFile(path, inode, options, configuration);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <summary>Maps the file, or a part of it, directly.</summary>
    /// <param name="options">What, and how.</param>
    /// <returns>The region; it lives until it is disposed, also when this object is disposed before.</returns>
    /// <exception cref="ArgumentException">The offset is not a multiple of the page size, or an ordinary mapping (without
    /// <see cref="MapFlags.Direct"/>) asks for what only a lease has.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> are null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, the length is not positive, their sum overflows, or an option
    /// is not a value of its enumeration.</exception>
    /// <exception cref="MapRefusedException">
    /// The flags are not known, the range is empty or reaches beyond the end of the file, or the fault policy refuses the file or one of
    /// its extents (EOPNOTSUPP).
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The caller neither owns the file nor has CAP_LEASE (<see cref="DirectFileOptions.LeasesWithoutOwnership"/> waives that), or the file
    /// was opened for reading only (EACCES); or it is to be mapped for writing and is immutable, append-only, sealed or protected by
    /// fs-verity (EPERM).
    /// </exception>
    /// <exception cref="LeaseConflictException">
    /// A break of the file is pending, leases of others exclude this one, or the lease was revoked before the file was mapped
    /// (EWOULDBLOCK); waiting for it would be waiting for oneself (EDEADLK); or it is an ordinary mapping for writing, and another owner
    /// holds the layout exclusively (ETXTBSY).
    /// </exception>
    /// <exception cref="MappingFaultException">Without the native library (<see cref="ContainmentKind.Copies"/>): a
    /// page could not be read.</exception>
    /// <exception cref="IOException">The file system cannot map the file (ENODEV: FUSE with direct_io, sysfs), the kernel refuses it for
    /// another reason (EAGAIN, ENFILE, EOVERFLOW), or the process has nearly as many mappings as vm.max_map_count allows
    /// (ENOMEM).</exception>
    /// <exception cref="InsufficientMemoryException">There is no address space for it, or on hugetlbfs no huge page, or it could not be
    /// registered with the fault handler (ENOMEM).</exception>
    /// <exception cref="InvalidOperationException">Too many disposed regions are still referenced.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public MappedRegion Map(MapOptions options)
    {
        ThrowIfCannotMap(options);
        try
        {
            return _regions.Map(options);
        }
        catch (MapRefusedException refusal)
        {
            _events.MapRefused(refusal);
            throw;
        }
    }

    /// <inheritdoc cref="Map(MapOptions)"/>
    /// <remarks>The wait for a pending break does not hold a thread.</remarks>
    /// <param name="cancellationToken">Ends the wait for a pending break.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<MappedRegion> MapAsync(MapOptions options, CancellationToken cancellationToken = default)
    {
        ThrowIfCannotMap(options);
        return TellRefusalAsync(_regions.MapAsync(options, cancellationToken), _events);

        static async ValueTask<MappedRegion> TellRefusalAsync(ValueTask<MappedRegion> mapping, FileEvents events)
        {
            try
            {
                return await mapping.ConfigureAwait(false);
            }
            catch (MapRefusedException refusal)
            {
                events.MapRefused(refusal);
                throw;
            }
        }
    }

    /// <summary>
    /// Throws what <see cref="Map"/> would throw now, and leaves nothing behind: the file is mapped in the same way, judged, and let go at
    /// once. It never waits for leases to go (<see cref="WhenUnavailable.Wait"/> is as <see cref="WhenUnavailable.Refuse"/>). Unlike
    /// <see cref="Map"/> it never changes the block map: on XFS a mapping for writing may have reserved copies given back, and here it is
    /// only looked at whether that would be tried; and where faults are not contained by the handler, the pages are not read.
    /// </summary>
    /// <inheritdoc cref="Map"/>
    public void ThrowIfUnmappable(MapOptions options)
    {
        ThrowIfCannotMap(options);
        _regions.Map(options, isTrial: true).Dispose();
    }

    /// <summary>Closes the file. Regions mapped through it live on. The last one of the process to go closes the descriptor.</summary>
    public void Dispose() => _own.Close();

    /// <summary>Returns the path, for logs.</summary>
    public override string ToString() => Path;

    private void ThrowIfCannotMap(MapOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        RegionFactory.ThrowIfInvalid(options);
        _own.ThrowIfClosed();
        Mapping.ScopeSlot.ForgetDeadThreads();
        Mapping.ReplacedRanges.ThrowIfTooMany();
        Mapping.MappingCount.ThrowIfTooMany(Path);
    }

    private static DirectFileOptions CheckForCreation(string path, long length, DirectFileOptions? options)
    {
        options = Check(path, options);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return options.Access == FileAccess.ReadWrite
            ? options
            : throw new ArgumentException("A file is created for reading and writing.", nameof(options));
    }

    private static DirectFileOptions Check(string path, DirectFileOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new DirectFileOptions();
        if (options.Backing is { } backing)
        {
            RegionFactory.ThrowIfNotDefined(backing, nameof(DirectFileOptions.Backing));
        }

        if (options.Share is { } share && (share & ~(FileShare.ReadWrite | FileShare.Delete)) != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), share, "Share is made of Read, Write and Delete, or None; a file is never inherited.");
        }

        if (options.Access is not (FileAccess.Read or FileAccess.ReadWrite))
        {
            throw new ArgumentException("A mapping needs to read: open for Read or ReadWrite.", nameof(options));
        }

        return options;
    }

    private static FileBacking BackingOf(DirectFileOptions options, FileConfiguration configuration) =>
        FileBackings.Of(options.Backing ?? configuration.Backing);

    private static FileBinding BindingOf(DirectFileOptions options, FileConfiguration configuration) =>
        options.Coordinator is { } own
            ? new FileBinding(own, $"the coordinator given in DirectFileOptions ({own})", configuration.Parties)
            : new FileBinding(configuration.Coordinator, configuration, configuration.Parties);

    private static FileRange RangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - length);
        return new FileRange(offset, length);
    }

    private static FileRange NonEmptyRangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return RangeOf(offset, length);
    }
}
