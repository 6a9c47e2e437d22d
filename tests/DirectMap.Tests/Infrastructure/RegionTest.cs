namespace DirectMap.Tests.Infrastructure;

/// <summary>The base of tests over one region of a whole file.</summary>
public abstract class RegionTest : FileTest
{
    internal RegionTest(long length, FileBackingKind backing = FileBackingKind.Linux)
        : base(backing)
    {
        TheFile = Create(length);
        Region = TheFile.Map(MapOptions.DirectOrEmulated);
    }

    internal DirectFile TheFile { get; }

    internal MappedRegion Region { get; }

    public override void Dispose()
    {
        Region.Dispose();
        TheFile.Dispose();
        base.Dispose();
    }
}
