using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using DirectMap.Mapping;
using DirectMap.Regions;

namespace DirectMap;

/// <summary>
/// A range of a file that is mapped into memory; under a direct mapping (MAP_DIRECT) nobody else changes the file's layout, or writes it,
/// through this library without asking first.
/// </summary>
/// <remarks>
/// <para>Reads, writes, copies and scopes are checked: an access outside the region, after Dispose, after the mapping was revoked, or to a
/// page that the kernel cannot provide (the file was truncated, the disk is full, the medium failed) throws, and does not end the process;
/// <see cref="RegionFacts.Containment"/> says how far that goes. Offsets are in bytes from the region's first byte. All members are safe
/// for any thread; like any memory, the bytes themselves are not synchronized.</para>
/// </remarks>
public sealed unsafe partial class MappedRegion : IDisposable, IAsyncDisposable, IOwned
{
    private readonly byte* _start;
    private readonly long _length;
    private readonly long _readableLength; // -1 for a region whose accesses take the slow way: one check for bounds and for that
    private long _writableLength; // the same, and 0 for a read-only region, and before the first store
    // offsets at which 8 bytes, or fewer, are within the readable length: one comparison for all; the few bytes behind
    // them take the slow way
    private readonly ulong _readableWords;
    private ulong _writableWords;
    private readonly long _scopableLength; // -1 also in diagnostic mode
    private readonly PersistGranularity _granularity;
    private readonly RegionCore _core;
    private readonly MappedAddresses _addresses; // of the whole file
    private readonly bool _hasFolios;
    private long _storedWindow = -1; // of the file; the last one that was looked through before a store to it
    private nint _word; // address of the word of the mapping's present state

    internal MappedRegion(RegionCore core)
    {
        // Alive: the core unmaps the range and frees the word only when it is finalized, and every use of them here is
        // followed by KeepAlive.
        _core = core;
        _start = core.Mapping.Start;
        _word = (nint)core.Mapping.Word;
        _length = core.Facts.Range.Length;
        _readableLength = core.IsSlow ? -1 : _length;
        _addresses = core.Addresses;
        _hasFolios = core.HasFolios;
        _writableLength = core.Facts.Access == MappingAccess.ReadWrite && !_hasFolios ? _readableLength : 0;
        _granularity = core.Facts.Granularity.Value;
        _readableWords = (ulong)Math.Max(0, _readableLength - (sizeof(ulong) - 1));
        _writableWords = (ulong)Math.Max(0, _writableLength - (sizeof(ulong) - 1));
        _scopableLength = core.IsDiagnosed ? -1 : _readableLength;
    }

    /// <summary>Full path of the file as it was opened.</summary>
    public string Path => _core.Facts.Path;

    /// <summary>Where the region begins in the file, in bytes; 0 or more, a multiple of the page size.</summary>
    public long FileOffset => _core.Facts.Range.Offset;

    /// <summary>Length in bytes; 1 or more.</summary>
    public long Length => _length;

    /// <summary>What the mapping may do.</summary>
    public MappingAccess Access => _core.Facts.Access;

    /// <summary>The state now.</summary>
    public RegionState State => _core.State;

    /// <summary>
    /// What was known of the region when it was mapped: what it is stored on, how durable that is, what becomes of a fault.
    /// </summary>
    public RegionFacts Facts => _core.Facts;

    /// <summary>The lease that the mapping holds, which tells of a break; null for an ordinary mapping.</summary>
    /// <remarks>
    /// It can be made exclusive or shared. To dispose it is to dispose the region. An ordinary mapping (<see cref="MapMode.Ordinary"/>) has
    /// none.
    /// </remarks>
    public ILayoutLease? Lease => _core.Facts.IsDirect ? _core : null;

    /// <summary>Whose operations on the file are noticed now, by what means, and why not more.</summary>
    /// <remarks>It is read without a lock. When the region has let go, or was revoked, it is nobody's.</remarks>
    public Protection Protection =>
        State is RegionState.Revoked or RegionState.Disposed ? RegionEnding.Gone : _core.Ending.Protection;

    /// <summary>
    /// Told when <see cref="Protection"/> has changed, with what it is from then on: each change, in order, one at a time, the last one
    /// being the present one.
    /// </summary>
    /// <remarks>
    /// It is called as <see cref="MapOptions.OnBreak"/> is: on a pool thread, or on one of the library's when the pool has none for some 10
    /// to 30 milliseconds; with no lock held. What a handler throws goes to <see cref="LeaseCoordinator.CallbackFailed"/>, and the others
    /// are called all the same. Inside it, an operation that would have to wait for a lease fails with EDEADLK. The protection of an
    /// ordinary mapping, and of a file that was opened with <see cref="GuardOptions.None"/>, stays as it is. After the region was disposed
    /// nothing is told. A handler keeps no forgotten region alive.
    /// </remarks>
    public event EventHandler<Protection>? ProtectionChanged
    {
        add => _core.Ending.Notifier?.Add(this, value);
        remove => _core.Ending.Notifier?.Remove(value);
    }

    /// <summary>
    /// Told after the file was changed by somebody who did not ask (<see cref="Trespass"/>): after each such change at least once, where
    /// the file is watched (<see cref="Protection"/>).
    /// </summary>
    /// <remarks>
    /// Called as <see cref="ProtectionChanged"/> is. What the region has read before may be of either side of the change. Where
    /// <see cref="GuardOptions.Response"/> says so, or the level was required, the region is revoked before the handlers are called.
    /// </remarks>
    public event EventHandler<Trespass>? Trespassed
    {
        add => _core.Ending.Notifier?.AddForTrespasses(this, value);
        remove => _ = _core.Ending.Notifier?.RemoveForTrespasses(value);
    }

    /// <summary>Completes when <see cref="Protection"/> is another than a known one, or the region was disposed.</summary>
    /// <param name="known">What the caller knows of.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What it is now; at once where it is another one already.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="known"/> is null.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<Protection> WaitForProtectionChangeAsync(Protection known, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(known);
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<Protection>(cancellationToken)
            : _core.Ending.WaitForChangeAsync(known, cancellationToken);
    }

    /// <summary>
    /// Lets go at once, and persists nothing: later accesses throw, the lease is released and a waiting breaker goes on.
    /// </summary>
    /// <remarks>
    /// It does not wait for open scopes: they learn of it when they complete. If the pages cannot be replaced (the machine is out of memory
    /// mappings) the lease is kept until the region is collected.
    /// </remarks>
    public void Dispose() => _core.Dispose();

    /// <summary>
    /// Refuses new scopes, waits for the open ones for <see cref="MapOptions.DrainTime"/> (5 seconds) at most, and then lets go as
    /// <see cref="Dispose"/> does.
    /// </summary>
    /// <remarks>
    /// It is <see cref="ReleaseAsync"/> with its default bound, and does not say whether a scope was still open. A scope that was never
    /// disposed makes it wait for the whole bound.
    /// </remarks>
    public ValueTask DisposeAsync() => new(_core.ReleaseAsync(null));

    /// <summary>Refuses new scopes, waits for the open ones to be disposed, then lets go as <see cref="Dispose"/> does.</summary>
    /// <remarks>
    /// The wait ends early when the mapping is revoked. Scopes of all living threads are waited for, also the caller's own and forgotten
    /// ones. Where no scope is open the region is let go when this returns; else the thread that closes the last one lets it go. So neither
    /// needs the thread pool.
    /// </remarks>
    /// <param name="drainTime">
    /// How long to wait at most; <see cref="TimeSpan.Zero"/> not at all, <see cref="Timeout.InfiniteTimeSpan"/> for ever; null (the
    /// default) for <see cref="MapOptions.DrainTime"/>.
    /// </param>
    /// <returns>Whether every scope was closed before the mapping went. Further calls return the first one's result.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="drainTime"/> is negative and not infinite, or more than
    /// <see cref="int.MaxValue"/> milliseconds.</exception>
    public Task<bool> ReleaseAsync(TimeSpan? drainTime = null)
    {
        if (drainTime is { } time && time != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, nameof(drainTime));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromMilliseconds(int.MaxValue), nameof(drainTime));
        }

        return _core.ReleaseAsync(drainTime);
    }

    /// <summary>Returns path, range and state, for messages.</summary>
    public override string ToString() => $"{Path} {_core.Facts.Range} {State}";

    internal RegionCore Core => _core;

    object IOwned.Owner => _core.Owner;

    /// <summary>As in <see cref="Facts"/>; a field, since each durable store asks.</summary>
    internal PersistGranularity Granularity => _granularity;

    /// <summary>
    /// The first byte from one on that may be anything but zero, as the file system knows it: it says where holes are. The region's length
    /// or more, where there is none.
    /// </summary>
    internal long NextData(long offset) => offset >= _length ? offset : _core.NextData(offset);

    [DoesNotReturn]
    private void ThrowOutOfRange(long offset, long length) =>
        throw new ArgumentOutOfRangeException(
            nameof(offset), offset, $"{length} bytes at {offset} do not lie within the region of {_length} bytes of '{Path}'.");
}
