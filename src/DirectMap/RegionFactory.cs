using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap;

/// <summary>
/// Makes a region, in the order that leaves no gap: arguments, the file as a whole, permission, lease, mapping, and only then size and extents: under the lease nobody changes
/// them any more. What was taken is given back when a later step refuses.
/// </summary>
internal sealed class RegionFactory
{
    private const MapFlags KnownFlags = MapFlags.SharedValidate | MapFlags.Direct;

    private readonly string _path;
    private readonly InodeReference _inode;
    private readonly object _owner;
    private readonly FileAccess _fileAccess;
    private readonly IFaultPolicy _policy;
    private readonly IBlockMap? _blockMap;

    internal RegionFactory(string path, InodeReference inode, object owner, DirectFileOptions options)
    {
        _path = path;
        _inode = inode;
        _owner = owner;
        _fileAccess = options.Access;
        _policy = options.FaultPolicy ?? FaultPolicies.Strict;
        _blockMap = options.BlockMap;
    }

    private ILeaseCoordinator Coordinator => _inode.Inode.Coordinator;

    internal MappedRegion Map(MapOptions options)
    {
        Plan plan = Prepare(options);
        try
        {
            return Finish(plan, Coordinator.Acquire(plan.Request));
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    internal async ValueTask<MappedRegion> MapAsync(MapOptions options, CancellationToken cancellationToken)
    {
        Plan plan = Prepare(options);
        try
        {
            return Finish(plan, await Coordinator.AcquireAsync(plan.Request, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    private Plan Prepare(MapOptions options)
    {
        MappingAccess access = options.Access ?? (_fileAccess == FileAccess.Read ? MappingAccess.Read : MappingAccess.ReadWrite);
        Statx.FileStatus status = Statx.Of(_inode.File, _path);
        FileRange range = RangeOf(options, status.Size);
        ThrowIfFlagsUnknown(options.Flags, range);
        if (access == MappingAccess.ReadWrite && _fileAccess == FileAccess.Read)
        {
            throw new UnauthorizedAccessException($"'{_path}' was opened for reading; it cannot be mapped for writing (EACCES)") { HResult = Errno.EACCES };
        }

        FileSystems.FileSystem fileSystem = FileSystems.Of(_inode.File, _path);
        BackingInfo backing = new(fileSystem.Name, fileSystem.Stability, status.IsDax, LoadsAllocate: fileSystem.IsVolatile, options.EmulatePersistentMemory);
        Check(_policy.EvaluateBacking(backing), range, null);
        ThrowIfBeyondEnd(range, status.Size);
        ThrowIfNotPermitted(status);

        InodeReference inode = _inode.Clone();
        RegionMapping mapping = new();
        RegionFacts facts = new(
            _path,
            range,
            access,
            IsEmulated: !status.IsDax,
            fileSystem.Stability,
            Describe(fileSystem, status.IsDax),
            new RegionProtection(ProtectionScope.ThisProcess, "operations that do not come through this library, and those of other processes, are not noticed in this version"));
        LeaseRequest request = new()
        {
            File = inode.Inode.Id,
            Owner = _owner,
            Mapped = range,
            WhenBreaking = options.WhenBreaking,
            OnBreak = options.OnBreak,
            Revoke = _ => mapping.Invalidate(RegionWord.Revoked),
        };
        return new Plan(inode, mapping, backing, facts, request);
    }

    private MappedRegion Finish(Plan plan, ILayoutLease lease)
    {
        try
        {
            FileRange range = plan.Facts.Range;
            if (!plan.Mapping.TryAttach(plan.Inode.File, range, plan.Facts.Access, _path))
            {
                throw new LeaseConflictException(LeaseConflict.WouldBlock, $"'{_path}': the lease was broken and its deadline passed before the file was mapped");
            }

            ThrowIfBeyondEnd(range, Statx.Of(plan.Inode.File, _path).Size);
            CheckExtents(plan.Backing, range, plan.Facts.Access);
            return new MappedRegion(new RegionCore(plan.Mapping, lease, plan.Inode, plan.Facts, _blockMap));
        }
        catch
        {
            plan.Mapping.Unmap(); // Before the lease goes: nobody has seen the mapping, so there is nothing to invalidate.
            lease.Dispose();
            throw;
        }
    }

    private void CheckExtents(in BackingInfo backing, FileRange range, MappingAccess access)
    {
        IBlockMap map = _blockMap ?? new FileBlockMap(_inode.File, _path);
        Extent[] extents = new Extent[64];
        long position = range.Offset;
        while (position < range.End)
        {
            int count = map.GetExtents(new FileRange(position, range.End - position), extents);
            for (int i = 0; i < count; i++)
            {
                Check(_policy.EvaluateExtent(backing, extents[i], access), range, extents[i]);
            }

            long next = count == 0 ? position : extents[count - 1].End;
            if (next <= position)
            {
                throw new InvalidOperationException($"The block map of '{_path}' reports nothing at {position}.");
            }

            position = next;
        }
    }

    private static FileRange RangeOf(MapOptions options, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Offset, nameof(MapOptions.Offset));
        if (options.Offset % Environment.SystemPageSize != 0)
        {
            throw new ArgumentException($"A mapping begins on a page boundary: {options.Offset} is not a multiple of {Environment.SystemPageSize}.", nameof(options));
        }

        if (options.Length is { } length)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length, nameof(MapOptions.Length));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue - options.Offset, nameof(MapOptions.Length));
            return new FileRange(options.Offset, length);
        }

        return new FileRange(options.Offset, Math.Max(0, size - options.Offset));
    }

    private void ThrowIfFlagsUnknown(MapFlags flags, FileRange range)
    {
        string? detail = flags switch
        {
            _ when (flags & ~KnownFlags) != 0 => $"flags 0x{(ulong)(flags & ~KnownFlags):x} are not known",
            _ when !flags.HasFlag(MapFlags.Direct) => "only direct mappings (MAP_DIRECT) are made",
            _ when (flags & MapFlags.SharedValidate) != MapFlags.SharedValidate => "MAP_DIRECT goes only with MAP_SHARED_VALIDATE",
            _ => null,
        };
        if (detail is not null)
        {
            throw new MapRefusedException(_path, range, RefusalReason.UnknownFlags, detail);
        }
    }

    private void ThrowIfBeyondEnd(FileRange range, long size)
    {
        if (range.Length == 0 || range.End > size)
        {
            throw new MapRefusedException(_path, range, RefusalReason.BeyondEndOfFile, $"the file has {size} bytes");
        }
    }

    private void ThrowIfNotPermitted(Statx.FileStatus status)
    {
        int errno = FileLease.TryPermission(_inode.File, isWritable: _fileAccess != FileAccess.Read, _path);
        bool permitted = errno switch
        {
            0 => true,
            Errno.EACCES => false,

            // No leases here (leases-enable=0, or the file system has none): the owner is the one who may be asked about without CAP_LEASE.
            _ => Geteuid.Get() == status.Uid,
        };
        if (!permitted)
        {
            throw new UnauthorizedAccessException(
                $"'{_path}': a direct mapping needs a lease, for which the caller must own the file or have CAP_LEASE (EACCES)")
            {
                HResult = Errno.EACCES,
            };
        }
    }

    private void Check(FaultDecision decision, FileRange range, Extent? extent)
    {
        if (!decision.IsAllowed)
        {
            throw new MapRefusedException(_path, range, decision.Reason, decision.Detail, extent);
        }
    }

    private static RegionDurability Describe(FileSystems.FileSystem fileSystem, bool isDax)
    {
        if (fileSystem.IsVolatile)
        {
            return new RegionDurability(DurabilityKind.Memory, $"{fileSystem.Name} keeps its files in memory");
        }

        return fileSystem.Stability == BlockMapStability.Unverified
            ? new RegionDurability(DurabilityKind.PageCache, $"msync over {fileSystem.Name}: as durable as the file system below it makes it")
            : new RegionDurability(DurabilityKind.PageCache, isDax ? "msync; MAP_SYNC is not used in this version" : "msync; the file is not on persistent memory");
    }

    /// <summary>What is taken before the lease is; goes to the region, or is given back.</summary>
    private sealed record Plan(InodeReference Inode, RegionMapping Mapping, BackingInfo Backing, RegionFacts Facts, LeaseRequest Request)
    {
        internal void Dispose()
        {
            Mapping.Unmap();
            Inode.Dispose();
        }
    }
}
