using DirectMap.Configuration;
using DirectMap.FileSystems;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>The base of tests over a real file in the temp folder, with a clock of their own.</summary>
public abstract class FileTest : IDisposable
{
    internal static readonly TimeSpan BreakTime = TimeSpan.FromSeconds(45);

    /// <summary>CI runs the contract's tests once more with everybody made to wait: nothing may be otherwise.</summary>
    private static readonly GuardOptions? s_guard = Environment.GetEnvironmentVariable("DIRECTMAP_TESTS_GUARD") is { Length: > 0 } level
        ? GuardOptions.Preferred(Enum.Parse<ProtectionLevel>(level))
        : null;

    private readonly TestDirectory _directory = new();

    internal FileTest(FileBackingKind backing = FileBackingKind.Linux)
    {
        Backing = backing;
        Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { TimeProvider = Clock, LeaseBreakTime = BreakTime });
        Options = new DirectFileOptions { Coordinator = Coordinator, Backing = backing, Guard = s_guard };
    }

    internal FileBackingKind Backing { get; }

    internal ManualTimeProvider Clock { get; } = new();

    internal LeaseCoordinator Coordinator { get; }

    internal DirectFileOptions Options { get; }

    internal TestDirectory Folder => _directory;

    internal static int PageSize => Environment.SystemPageSize;

    public virtual void Dispose() => _directory.Dispose();

    internal DirectFile Create(long length = 64 << 10, string name = "file.pmem") =>
        DirectFile.Create(_directory.File(name), length, Options);

    internal DirectFile Open(string name = "file.pmem") => DirectFile.Open(_directory.File(name), Options);

    /// <summary>Whether the temp folder's file system is known, and writes to a device.</summary>
    internal bool IsOnDevice
    {
        get
        {
            using SafeFileHandle probe = File.OpenHandle(_directory.File("probe"), FileMode.OpenOrCreate);
            return KnownFileSystems.Of(probe, _directory.Path) is { IsVolatile: false, Stability: not BlockMapStability.Unverified };
        }
    }

    /// <summary>For what a large sync does on file systems that tell each description of a failure.</summary>
    internal void NeedsDescriptionApart()
    {
        using SafeFileHandle probe = File.OpenHandle(_directory.File("probe"), FileMode.OpenOrCreate);
        Requires.Have("device-fs", KnownFileSystems.ReportsToEachDescription(probe, _directory.Path), "needs a temp folder on ext4 or XFS");
    }

    /// <summary>For what the portable backing does not promise.</summary>
    internal void NeedsLinuxBacking(string reason) =>
        Assert.SkipWhen(Backing == FileBackingKind.Portable, $"the portable backing: {reason}");

    /// <summary>Moves the clock past the deadline of a break that has begun.</summary>
    internal void PassDeadline() => Clock.Advance(BreakTime);
}
