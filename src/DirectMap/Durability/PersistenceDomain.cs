using DirectMap.Threading;

namespace DirectMap.Durability;

/// <summary>What of the machine keeps its content when the power fails.</summary>
internal enum PersistenceDomainKind
{
    /// <summary>Nobody says.</summary>
    Unknown = 0,

    /// <summary>What the memory controller has accepted (ADR): caches must be flushed.</summary>
    MemoryController = 1,

    /// <summary>The processor's caches, too (eADR).</summary>
    CpuCache = 2,
}

/// <summary>
/// The persistence domain that all persistent memory of the machine has at least. The kernel tells it for each region (driver
/// libnvdimm: persistence_domain), and leaves the attribute out where the firmware does not; which region a file lies on is not asked,
/// so the worst one counts.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Reason">Where that is known from, or why it is not, in words.</param>
internal sealed record PersistenceDomain(PersistenceDomainKind Kind, string Reason)
{
    private const string Attribute = "persistence_domain";

    private static readonly UninterruptedLazy<PersistenceDomain> s_ofMachine = new(() => Read("/sys"));

    /// <summary>This machine's. It is read once: a region that is added later, and is worse, is not noticed.</summary>
    internal static PersistenceDomain OfMachine => s_ofMachine.Value;

    /// <summary>Reads it.</summary>
    /// <param name="sysfs">Where sysfs is mounted.</param>
    internal static PersistenceDomain Read(string sysfs)
    {
        string folder = Path.Combine(sysfs, "bus", "nd", "devices");
        string[] regions;
        try
        {
            regions = Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder, "region*") : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PersistenceDomain(PersistenceDomainKind.Unknown, $"{folder} cannot be read: {exception.Message}");
        }

        if (regions.Length == 0)
        {
            return new PersistenceDomain(
                PersistenceDomainKind.Unknown, $"the kernel knows of no persistent memory: there is no region in {folder}");
        }

        Array.Sort(regions, StringComparer.Ordinal);
        PersistenceDomain worst = new(PersistenceDomainKind.CpuCache, $"{Attribute} is cpu_cache in each region of {folder}");
        foreach (string region in regions)
        {
            PersistenceDomain own = OfRegion(region);
            if (own.Kind < worst.Kind)
            {
                worst = own;
            }
        }

        return worst;
    }

    private static PersistenceDomain OfRegion(string region)
    {
        string path = Path.Combine(region, Attribute);
        string value;
        try
        {
            value = File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new PersistenceDomain(PersistenceDomainKind.Unknown, $"there is no {path}: the firmware did not say");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new PersistenceDomain(PersistenceDomainKind.Unknown, $"{path} cannot be read: {exception.Message}");
        }

        return value switch
        {
            "cpu_cache" => new PersistenceDomain(PersistenceDomainKind.CpuCache, $"{path} is {value}"),
            "memory_controller" => new PersistenceDomain(PersistenceDomainKind.MemoryController, $"{path} is {value}"),
            "" => new PersistenceDomain(PersistenceDomainKind.Unknown, $"{path} is empty"),
            _ => new PersistenceDomain(PersistenceDomainKind.Unknown, $"{path} is '{value}', which is not known here"),
        };
    }
}
