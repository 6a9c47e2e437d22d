using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Libpmem2;

/// <summary>docs/durability.md, "From libpmem2", names each function of libpmem2 once.</summary>
public sealed partial class FunctionTableTests
{
    /// <summary>All that libpmem2.h of 1.12 declares, for Linux and for Windows, in their order.</summary>
    private static readonly string[] s_functions =
    [
        "pmem2_badblock_clear",
        "pmem2_badblock_context_delete",
        "pmem2_badblock_context_new",
        "pmem2_badblock_next",
        "pmem2_config_delete",
        "pmem2_config_new",
        "pmem2_config_set_length",
        "pmem2_config_set_offset",
        "pmem2_config_set_protection",
        "pmem2_config_set_required_store_granularity",
        "pmem2_config_set_sharing",
        "pmem2_config_set_vdm",
        "pmem2_config_set_vm_reservation",
        "pmem2_deep_flush",
        "pmem2_errormsg",
        "pmem2_get_drain_fn",
        "pmem2_get_flush_fn",
        "pmem2_get_memcpy_fn",
        "pmem2_get_memmove_fn",
        "pmem2_get_memset_fn",
        "pmem2_get_persist_fn",
        "pmem2_map_delete",
        "pmem2_map_from_existing",
        "pmem2_map_get_address",
        "pmem2_map_get_size",
        "pmem2_map_get_store_granularity",
        "pmem2_map_new",
        "pmem2_memcpy_async",
        "pmem2_memmove_async",
        "pmem2_memset_async",
        "pmem2_perror",
        "pmem2_source_alignment",
        "pmem2_source_delete",
        "pmem2_source_device_id",
        "pmem2_source_device_usc",
        "pmem2_source_from_anon",
        "pmem2_source_from_fd",
        "pmem2_source_from_handle",
        "pmem2_source_get_fd",
        "pmem2_source_get_handle",
        "pmem2_source_numa_node",
        "pmem2_source_pread_mcsafe",
        "pmem2_source_pwrite_mcsafe",
        "pmem2_source_size",
        "pmem2_vm_reservation_delete",
        "pmem2_vm_reservation_extend",
        "pmem2_vm_reservation_get_address",
        "pmem2_vm_reservation_get_size",
        "pmem2_vm_reservation_map_find",
        "pmem2_vm_reservation_map_find_first",
        "pmem2_vm_reservation_map_find_last",
        "pmem2_vm_reservation_map_find_next",
        "pmem2_vm_reservation_map_find_prev",
        "pmem2_vm_reservation_new",
        "pmem2_vm_reservation_shrink",
    ];

    [Fact]
    public void Every_function_is_named_once_with_what_stands_for_it()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "durability.md"));
        int begin = page.IndexOf("### From libpmem2", StringComparison.Ordinal);
        string section = page[begin..page.IndexOf("\n## ", begin, StringComparison.Ordinal)];

        Assert.Equal(s_functions, Row().Matches(section).Select(row => row.Groups[1].Value));
    }

    [GeneratedRegex(@"^\| `(pmem2_\w+)` \| [^|]*[^| ][^|]* \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
