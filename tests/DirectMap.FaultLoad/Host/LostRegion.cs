using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Host;

/// <summary>
/// A region of the library whose file lost all of its pages. The file has no name any more, since the process may be about to end.
/// </summary>
internal sealed class LostRegion : IDisposable
{
    /// <summary>The name of the file of <see cref="MapAnother"/>.</summary>
    internal const string OtherName = "mapped-by-another-region";

    private const int Pages = 16;

    private static readonly int s_page = Environment.SystemPageSize;

    private readonly DirectFile _file;
    private int _next;

    internal LostRegion(FaultContainment containment = FaultContainment.Required)
    {
        using TempFolder folder = new(TempFolder.Fastest);
        string path = folder.File("file");
        File.WriteAllBytes(path, new byte[Pages * s_page]);
        _file = DirectFile.Open(path);
        Region = Map(containment);
        using FileStream outside = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        outside.SetLength(0);
    }

    internal MappedRegion Region { get; }

    /// <summary>Another region of a file that has its pages.</summary>
    internal static MappedRegion MapAnother(FaultContainment containment)
    {
        using TempFolder folder = new(TempFolder.Fastest);
        File.WriteAllBytes(folder.File(OtherName), new byte[2 * s_page]);
        using DirectFile other = DirectFile.Open(folder.File(OtherName));
        return other.Map(MapOptions.Ordinary with { FaultContainment = containment });
    }

    /// <summary>A page that nobody has accessed yet.</summary>
    internal int NextPage() => _next++ < Pages ? _next - 1 : throw new InvalidOperationException("there are no more pages");

    /// <summary>An access to such a page: an exception.</summary>
    internal void Fault()
    {
        long offset = (long)NextPage() * s_page;
        try
        {
            Region.Read<long>(offset);
        }
        catch (MappingFaultException fault)
        {
            Claim.Is(new FileRange(offset, s_page), fault.Lost!.Value, "what is lost");
            return;
        }

        Claim.That(false, "an access to a lost page throws");
    }

    public void Dispose()
    {
        Region.Dispose();
        _file.Dispose();
    }

    private MappedRegion Map(FaultContainment containment) =>
        _file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page, FaultContainment = containment });
}
