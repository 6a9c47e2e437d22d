using DirectMap.Backings;
using DirectMap.Configuration;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Regions;

namespace DirectMap.Files;

/// <summary>How files are opened and created under one configuration. Safe for any thread.</summary>
internal sealed class FileOpening(FileConfiguration configuration)
{
    /// <summary>Of opening or creating a file that others create and delete all the time.</summary>
    private const int MaxAttempts = 16;

    internal DirectFile OpenOrCreate(string path, long length, DirectFileOptions? options)
    {
        options = CheckForCreation(path, length, options);
        return OpenOrCreate(Path.GetFullPath(path), length, options, default);
    }

    internal Task<DirectFile> OpenOrCreateAsync(string path, long length, DirectFileOptions? options, CreationWatch watch)
    {
        options = CheckForCreation(path, length, options);
        string fullPath = Path.GetFullPath(path); // The current folder is the caller's of now.
        return Task.Run(() => OpenOrCreate(fullPath, length, options, watch), watch.CancellationToken);
    }

    private DirectFile OpenOrCreate(string fullPath, long length, DirectFileOptions options, CreationWatch watch)
    {
        for (int attempt = 1; ; attempt++)
        {
            watch.ThrowIfCancelled();
            try
            {
                return OpenAt(fullPath, options);
            }
            catch (FileNotFoundException)
            {
                // To be made, then.
            }

            try
            {
                return Create(fullPath, PortablePath.PlaceOf(fullPath), length, options, watch);
            }
            catch (IOException exception)
                when (attempt < MaxAttempts
                    && (exception.HResult is Errno.EEXIST or Errno.ESTALE
                        || (exception.HResult == Errno.ENOENT && exception is not DirectoryNotFoundException)
                        || File.Exists(fullPath)))
            {
                // Somebody else was faster, or has removed what was made.
            }
        }
    }

    internal DirectFile Create(string path, long length, DirectFileOptions? options)
    {
        options = CheckForCreation(path, length, options);
        string fullPath = Path.GetFullPath(path);
        return Create(fullPath, fullPath, length, options, default);
    }

    internal Task<DirectFile> CreateAsync(string path, long length, DirectFileOptions? options, CreationWatch watch)
    {
        options = CheckForCreation(path, length, options);
        string fullPath = Path.GetFullPath(path); // The current folder is the caller's of now.
        return Task.Run(() => Create(fullPath, fullPath, length, options, watch), watch.CancellationToken);
    }

    private DirectFile Create(string fullPath, string target, long length, DirectFileOptions options, CreationWatch watch)
    {
        FileBacking backing = BackingOf(options);
        FileBinding binding = BindingOf(options, backing);
        if (IsToBeGuarded(options))
        {
            OpenedAs opened = new(options.Access, options.LeasesWithoutOwnership, options.Guard ?? configuration.Guard);
            watch = watch with { BeforeItsName = made => FileGuarding.Arm(made, fullPath, opened, configuration.Events) };
        }

        DirectFile file = Of(fullPath, backing.Create(target, length, binding, options.Share, watch), options);
        configuration.Events.Created(fullPath, length);
        return file;
    }

    internal DirectFile Open(string path, DirectFileOptions? options)
    {
        options = Check(path, options);
        return OpenAt(Path.GetFullPath(path), options);
    }

    internal Task<DirectFile> OpenAsync(string path, DirectFileOptions? options, CancellationToken cancellationToken)
    {
        options = Check(path, options);
        string fullPath = Path.GetFullPath(path); // The current folder is the caller's of now.
        return Task.Run(() => OpenAt(fullPath, options), cancellationToken);
    }

    private DirectFile OpenAt(string fullPath, DirectFileOptions options) =>
        IsToBeGuarded(options) && options.Access == FileAccess.ReadWrite ? OpenGuarded(fullPath, options) : OpenOnce(fullPath, options);

    /// <summary>
    /// Where others have the file open all the time, but not for writing, that can be proven only by a process that has not either: so it
    /// is opened for reading first, and then for writing, which everybody is asked for by then.
    /// </summary>
    private DirectFile OpenGuarded(string fullPath, DirectFileOptions options)
    {
        GuardOptions guard = options.Guard ?? configuration.Guard;
        DirectFile? file = null;
        try
        {
            file = OpenOnce(fullPath, options);
            if (!file.IsGuardBusy)
            {
                return file;
            }
        }
        catch (IOException busy)
            when (busy.HResult == Errno.EBUSY && guard is { Demand: GuardDemand.Required, Level: ProtectionLevel.NoWriters })
        {
            // Not with a description that may write.
        }

        file?.Dispose();
        DirectFileOptions first = options with
        {
            Access = FileAccess.Read,
            Share = null,
            Guard = GuardOptions.Preferred(ProtectionLevel.NoWriters),
        };
        using DirectFile reading = OpenOnce(fullPath, first);
        return OpenOnce(fullPath, options);
    }

    private bool IsToBeGuarded(DirectFileOptions options) =>
        (options.Guard ?? configuration.Guard) is { Demand: not GuardDemand.None, Level: > ProtectionLevel.Watched }
            && (options.Backing ?? configuration.Backing) != FileBackingKind.Portable;

    private DirectFile OpenOnce(string fullPath, DirectFileOptions options)
    {
        FileBacking backing = BackingOf(options);
        return Of(fullPath, backing.Open(fullPath, options.Access, BindingOf(options, backing), options.Share), options);
    }

    /// <summary>The file of a reference, which goes where there is none.</summary>
    private DirectFile Of(string path, InodeReference inode, DirectFileOptions options)
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

    /// <exception cref="ArgumentException">No factory would open it.</exception>
    internal static void ThrowIfInvalid(string path, DirectFileOptions? options)
    {
        _ = Check(path, options);
        _ = Path.GetFullPath(path);
    }

    /// <exception cref="ArgumentException">No factory would create it.</exception>
    internal static void ThrowIfInvalid(string path, long length, DirectFileOptions? options)
    {
        _ = CheckForCreation(path, length, options);
        _ = Path.GetFullPath(path);
    }

    private static DirectFileOptions CheckForCreation(string path, long length, DirectFileOptions? options)
    {
        options = Check(path, options);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return options.Access == FileAccess.ReadWrite
            ? options
            : throw new ArgumentException("DirectFileOptions.Access: a file is created for reading and writing.", nameof(options));
    }

    private static DirectFileOptions Check(string path, DirectFileOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= DirectFileOptions.Default;
        if (options.Backing is { } backing)
        {
            Arguments.ThrowIfNotDefined(backing, $"{nameof(DirectFileOptions)}.{nameof(DirectFileOptions.Backing)}");
        }

        if (options.Guard is { } guard)
        {
            Arguments.ThrowIfNotDefined(guard.Demand, $"{nameof(GuardOptions)}.{nameof(GuardOptions.Demand)}");
            Arguments.ThrowIfNotDefined(guard.Level, $"{nameof(GuardOptions)}.{nameof(GuardOptions.Level)}");
            Arguments.ThrowIfNotDefined(guard.Response, $"{nameof(GuardOptions)}.{nameof(GuardOptions.Response)}");
        }

        if (options.Share is { } share && (share & ~(FileShare.ReadWrite | FileShare.Delete)) != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), share, "DirectFileOptions.Share is made of Read, Write and Delete, or None; a file is never inherited.");
        }

        if (options.Access is not (FileAccess.Read or FileAccess.ReadWrite))
        {
            throw new ArgumentException("DirectFileOptions.Access: a mapping needs to read; open for Read or ReadWrite.", nameof(options));
        }

        return options;
    }

    private FileBacking BackingOf(DirectFileOptions options) => FileBackings.Of(options.Backing ?? configuration.Backing);

    private FileBinding BindingOf(DirectFileOptions options, FileBacking backing)
    {
        IReadOnlyList<PartyMaker>? parties = configuration.PartiesOf(backing.Kind);
        return options.Coordinator is { } own
            ? new FileBinding(own, $"the coordinator given in DirectFileOptions ({own})", parties)
            : new FileBinding(configuration.Coordinator, configuration, parties);
    }
}
