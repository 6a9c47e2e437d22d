using DirectMap.Durability;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>Trees like sysfs, as libpmem's pmem_has_auto_flush has them.</summary>
public sealed class PersistenceDomainTests : IDisposable
{
    private readonly TestDirectory _sysfs = new();

    /// <summary>What each region's attribute holds, the regions separated by commas; "-": it has none. And what is said of it.</summary>
    [Theory]
    [InlineData("cpu_cache\n", "CpuCache", "cpu_cache in each region")]
    [InlineData("cpu_cache", "CpuCache", "cpu_cache in each region")]
    [InlineData("cpu_cache\n,cpu_cache\n,cpu_cache\n", "CpuCache", "cpu_cache in each region")]
    [InlineData("memory_controller\n", "MemoryController", "region0/persistence_domain is memory_controller")]
    [InlineData("memory_controller\n,memory_controller\n", "MemoryController", "region0/persistence_domain is memory_controller")]
    [InlineData("cpu_cache\n,memory_controller\n", "MemoryController", "region1/persistence_domain is memory_controller")]
    [InlineData("memory_controller\n,cpu_cache\n", "MemoryController", "region0/persistence_domain is memory_controller")]
    [InlineData("\n", "Unknown", "region0/persistence_domain is empty")]
    [InlineData("", "Unknown", "region0/persistence_domain is empty")]
    [InlineData("cpu_cache\n,\n", "Unknown", "region1/persistence_domain is empty")]
    [InlineData("-", "Unknown", "there is no ")]
    [InlineData("cpu_cache\n,-,memory_controller\n", "Unknown", "region1/persistence_domain: the firmware did not say")]
    [InlineData("cpu_cache2\n", "Unknown", "'cpu_cache2'")]
    [InlineData("xcpu_cache\n", "Unknown", "'xcpu_cache'")]
    [InlineData("CPU_CACHE\n", "Unknown", "'CPU_CACHE'")]
    [InlineData("none\n", "Unknown", "'none'")]
    public void The_worst_region_counts(string regions, string expected, string reason)
    {
        foreach ((int number, string content) in regions.Split(',').Index())
        {
            AddRegion($"region{number}", content == "-" ? null : content);
        }

        PersistenceDomain domain = PersistenceDomain.Read(_sysfs.Path);

        Assert.Equal(expected, domain.Kind.ToString());
        Assert.Contains(reason, domain.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void No_sysfs_no_bus_and_no_region_are_unknown()
    {
        Assert.Equal(PersistenceDomainKind.Unknown, PersistenceDomain.Read(_sysfs.File("missing")).Kind);
        Assert.Equal(PersistenceDomainKind.Unknown, PersistenceDomain.Read(_sysfs.Path).Kind);

        Directory.CreateDirectory(_sysfs.File("bus/nd/devices"));
        PersistenceDomain domain = PersistenceDomain.Read(_sysfs.Path);

        Assert.Equal(PersistenceDomainKind.Unknown, domain.Kind);
        Assert.Contains("the kernel knows of no persistent memory", domain.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_devices_of_the_bus_do_not_count()
    {
        AddRegion("region0", "cpu_cache\n");
        AddRegion("nmem0", "memory_controller\n");
        AddRegion("namespace0.0", null);

        Assert.Equal(PersistenceDomainKind.CpuCache, PersistenceDomain.Read(_sysfs.Path).Kind);
    }

    [Fact]
    public void Devices_are_links_as_in_sysfs()
    {
        string device = Directory.CreateDirectory(_sysfs.File("devices/ndbus0/region0")).FullName;
        File.WriteAllText(Path.Combine(device, "persistence_domain"), "memory_controller\n");
        Directory.CreateDirectory(_sysfs.File("bus/nd/devices"));
        Directory.CreateSymbolicLink(_sysfs.File("bus/nd/devices/region0"), device);

        Assert.Equal(PersistenceDomainKind.MemoryController, PersistenceDomain.Read(_sysfs.Path).Kind);
    }

    [Fact]
    public void What_cannot_be_read_is_unknown()
    {
        AddRegion("region0", "cpu_cache\n");
        Directory.CreateDirectory(_sysfs.File("bus/nd/devices/region1/persistence_domain"));

        PersistenceDomain domain = PersistenceDomain.Read(_sysfs.Path);

        Assert.Equal(PersistenceDomainKind.Unknown, domain.Kind);
        Assert.Contains("region1/persistence_domain cannot be read", domain.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void This_machine_has_one_of_them_and_says_why() => Assert.NotEmpty(PersistenceDomain.OfMachine.Reason);

    public void Dispose() => _sysfs.Dispose();

    private void AddRegion(string name, string? domain)
    {
        string folder = Directory.CreateDirectory(_sysfs.File($"bus/nd/devices/{name}")).FullName;
        if (domain is not null)
        {
            File.WriteAllText(Path.Combine(folder, "persistence_domain"), domain);
        }
    }
}
