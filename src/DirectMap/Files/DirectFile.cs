using DirectMap.Configuration;
using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Regions;

namespace DirectMap;

/// <summary>A file that can be mapped into memory.</summary>
/// <remarks>
/// It is also the owner of what is mapped through it: its own operations do not break its own leases, while those made through any other
/// <see cref="DirectFile"/> on the same file do, whatever path, hard link or symbolic link it was opened by.
/// <para>All members are safe for any thread. Offsets and lengths are in bytes. Disposing the file leaves its regions alone: they live
/// until they are disposed.</para>
/// </remarks>
public sealed partial class DirectFile : IDisposable, IOwned
{
    private static int s_count;

    private readonly OwnedFile _own;
    private readonly LayoutOperations _operations;
    private readonly SpaceChanges _space;
    private readonly CloningChanges _cloning;
    private readonly FileContent _content;
    private readonly FileExtents _extents;
    private readonly FilePreparation _preparation;
    private readonly FileMapper _mapper;
    private readonly LeaseHandles _leases;
    private readonly FileGuarding _guarding;

    internal DirectFile(string path, InodeReference inode, DirectFileOptions options, FileConfiguration configuration)
    {
        string description = $"DirectFile #{Interlocked.Increment(ref s_count)} '{path}'";
        _own = new OwnedFile(inode, path, options.Access, description, typeof(DirectFile));
        _operations = new LayoutOperations(_own);
        _space = new SpaceChanges(_own);
        _cloning = new CloningChanges(_own);
        _content = new FileContent(_own, configuration.Events);
        _extents = new FileExtents(_own, options.BlockMap);
        _preparation = new FilePreparation(_own, _operations, _extents, configuration.Events);
        OpenedAs opened = new(options.Access, options.LeasesWithoutOwnership, options.Guard ?? configuration.Guard);
        _mapper = new FileMapper(_own, opened, options, configuration);
        _leases = new LeaseHandles(_own, opened);
        _guarding = new FileGuarding(_own, opened, configuration.Events);
    }

    /// <summary>Full path as it was opened.</summary>
    public string Path => _own.Path;

    /// <summary>Whether it is guarded less than wanted since others have it open.</summary>
    internal bool IsGuardBusy => _guarding.IsBusy;

    /// <summary>The file's identity.</summary>
    public FileId Id => _own.Id;

    /// <summary>How it was opened: <see cref="FileBackingKind.Linux"/> or <see cref="FileBackingKind.Portable"/>.</summary>
    public FileBackingKind BackingKind => _own.BackingKind;

    /// <summary>Length in bytes, as it is now (stx_size); 0 or more.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Length => _own.Length;

    /// <summary>What the file is protected from now, and why not more.</summary>
    /// <remarks>
    /// <see cref="DirectFileOptions.Guard"/> says what is wanted. The file is watched while a lease on it is held, or
    /// <see cref="Trespassed"/> has a handler.
    /// </remarks>
    public Protection Protection => _guarding.Protection;

    /// <summary>
    /// Told after the file was changed by somebody who did not ask: after each such change at least once, while the file is watched.
    /// </summary>
    /// <remarks>
    /// The first handler has the file watched, without a mapping or a lease; nobody else is made to wait by that. It is called on a pool
    /// thread, or on one of the library's when the pool has none for some 10 to 30 milliseconds; with no lock held. What a handler throws
    /// goes to <see cref="LeaseCoordinator.CallbackFailed"/>. After the file was disposed nothing is told.
    /// </remarks>
    public event EventHandler<Trespass>? Trespassed
    {
        add => _guarding.Add(this, value);
        remove => _guarding.Remove(value);
    }

    /// <summary>Creates a file whose every block is allocated and written (zeros), so that no later store needs the file system.</summary>
    /// <remarks>
    /// It must not exist. The file and its name are durable when that is done; when it fails, or the process ends, nothing is left behind.
    /// It gets its name when it is whole (O_TMPFILE, linkat), so nobody sees a half-made one. Where the file system cannot make one without
    /// a name (NFS, FUSE, 9p, vfat), and with the portable backing, it is made under another name beside its own, ".directmap-" and 32
    /// digits. What is left of it when the process ends is removed by the next creation of a file in that directory, whatever process makes
    /// it.
    /// </remarks>
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
        DirectFileFactory.DefaultFor(path, length, options).Create(path, length, options);

    /// <remarks><inheritdoc cref="Create(string, long, DirectFileOptions)"/> A pool thread does the work.</remarks>
    /// <inheritdoc cref="Create(string, long, DirectFileOptions)"/>
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
        DirectFileFactory.DefaultFor(path, length, options).CreateAsync(path, length, options, progress, cancellationToken);

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
    public static DirectFile Open(string path, DirectFileOptions? options = null) =>
        DirectFileFactory.DefaultFor(path, options).Open(path, options);

    /// <inheritdoc cref="Open(string, DirectFileOptions)"/>
    /// <remarks>
    /// Arguments are checked, and a relative path gets its folder, at the call. A pool thread makes all system calls, and is held until
    /// the last of them returns: no part of opening waits without a thread.
    /// </remarks>
    /// <param name="cancellationToken">Ends it where it has not begun yet: the pool thread that comes for it opens nothing. After that the
    /// file is opened, and is the caller's to dispose: opening itself is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is open.</exception>
    public static Task<DirectFile> OpenAsync(
        string path, DirectFileOptions? options = null, CancellationToken cancellationToken = default) =>
        DirectFileFactory.DefaultFor(path, options).OpenAsync(path, options, cancellationToken);

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
        DirectFileFactory.DefaultFor(path, length, options).OpenOrCreate(path, length, options);

    /// <inheritdoc cref="OpenOrCreate(string, long, DirectFileOptions)"/>
    /// <remarks>
    /// Arguments are checked, and a relative path gets its folder, at the call. A pool thread does all the work, and is held until it is
    /// done: no part of it waits without a thread. Who finds the file being made by somebody else does not wait for that: it makes one of
    /// its own, and opens the other one in its place if that has the name first.
    /// </remarks>
    /// <param name="progress">
    /// Is told of a file that is created, after each MiB, how many bytes are written, on the thread that writes; from the beginning again
    /// where somebody else was faster and has removed the file. Is not told of one that is opened. Null for nobody.
    /// </param>
    /// <param name="cancellationToken">Ends it where it has not begun yet, between two attempts, and while a file is made between two MiB,
    /// and before the name is made durable; then nothing is open, and a half-made file is removed. A file that is there is opened: that
    /// is not interrupted.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. Nothing is open, and nothing that
    /// was made is left behind.</exception>
    public static Task<DirectFile> OpenOrCreateAsync(
        string path,
        long length,
        DirectFileOptions? options = null,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default) =>
        DirectFileFactory.DefaultFor(path, length, options).OpenOrCreateAsync(path, length, options, progress, cancellationToken);

    /// <summary>Maps the file, or a part of it, into memory.</summary>
    /// <param name="options">What, and how; null for all of it, on persistent memory where there is, and emulated elsewhere
    /// (<see cref="MapOptions.Default"/>).</param>
    /// <returns>The region; it lives until it is disposed, also when this object is disposed before.</returns>
    /// <exception cref="ArgumentException">The offset is not a multiple of the page size, or an ordinary mapping
    /// (<see cref="MapMode.Ordinary"/>) asks for what only a lease has.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, the length is not positive, their sum overflows, or an option
    /// is not a value of its enumeration.</exception>
    /// <exception cref="MapRefusedException">
    /// The range is empty or reaches beyond the end of the file, or the fault policy refuses the file or one of
    /// its extents (EOPNOTSUPP): holes, say, which <see cref="Prepare"/> fills.
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
    public MappedRegion Map(MapOptions? options = null) => _mapper.Map(options ?? MapOptions.Default);

    /// <inheritdoc cref="Map(MapOptions)"/>
    /// <remarks>The wait for a pending break does not hold a thread.</remarks>
    /// <param name="cancellationToken">Ends the wait for a pending break.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<MappedRegion> MapAsync(MapOptions? options = null, CancellationToken cancellationToken = default) =>
        _mapper.MapAsync(options ?? MapOptions.Default, cancellationToken);

    /// <summary>Answers whether <see cref="Map"/> would make a region now, and why not.</summary>
    /// <remarks>
    /// The file is mapped in the same way, judged, and let go at once; nothing is left behind, and nothing is reserved: a later
    /// <see cref="Map"/> can still be refused. For that moment the lease is held that <see cref="Map"/> would hold. It never waits for
    /// leases to go (<see cref="WhenUnavailable.Wait"/> is as <see cref="WhenUnavailable.Refuse"/>), and never calls
    /// <see cref="MapOptions.OnBreak"/> or <see cref="MapOptions.OnBreakAsync"/>. It never changes the file: on XFS a mapping for writing
    /// may have reserved copies given back, and here it is only looked at whether that would be tried. Where faults are not contained by
    /// the handler, the pages are not read.
    /// </remarks>
    /// <param name="options">What would be mapped, and how; null for all of it, as <see cref="Map"/> does without options.</param>
    /// <returns>The answer. What <see cref="Map"/> would throw of <see cref="MapRefusedException"/>,
    /// <see cref="UnauthorizedAccessException"/> and <see cref="IOException"/> (<see cref="LeaseConflictException"/> and
    /// <see cref="MappingFaultException"/> are such) is in it, and is not thrown.</returns>
    /// <exception cref="ArgumentException">The offset is not a multiple of the page size, or an ordinary mapping
    /// (<see cref="MapMode.Ordinary"/>) asks for what only a lease has.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative, the length is not positive, their sum overflows, or an option
    /// is not a value of its enumeration.</exception>
    /// <exception cref="InsufficientMemoryException">There is no address space for it, or on hugetlbfs no huge page, or it could not be
    /// registered with the fault handler (ENOMEM).</exception>
    /// <exception cref="InvalidOperationException">Too many disposed regions are still referenced.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public MapProbe Probe(MapOptions? options = null) => _mapper.Probe(options ?? MapOptions.Default);

    object IOwned.Owner => _own.Owner;

    /// <inheritdoc cref="FileMapper.ThrowIfCannotMap"/>
    internal void ThrowIfCannotMap(MapOptions options) => _mapper.ThrowIfCannotMap(options);

    /// <summary>Closes the file.</summary>
    /// <remarks>Regions mapped through it live on. The last one of the process to go closes the descriptor.</remarks>
    public void Dispose()
    {
        _guarding.Close();
        _own.Close();
    }

    /// <summary>Returns the path, for messages.</summary>
    public override string ToString() => Path;
}
