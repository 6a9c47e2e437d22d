using DirectMap.Benchmarks.Pmembench;

namespace DirectMap.Benchmarks.Report;

/// <summary>The tables of docs/benchmarks.md that are made of results: between a line that names them and one that ends them.</summary>
internal static class Tables
{
    private const string Begin = "<!-- table: ";
    private const string End = "<!-- end of table -->";
    private const string Machine = "machine";

    /// <summary>Every one of them; each benchmark is in one.</summary>
    internal static IReadOnlyList<Table> All { get; } =
    [
        new(
            "read",
            nameof(AccessBenchmarks),
            [],
            ("ReadRawPointer", "raw pointer"),
            ("ReadPinnedSpan", "pinned span"),
            ("ReadThroughScope", "span of a scope, its cost included"),
            ("ReadChecked", "`region.Read`"),
            ("ReadJudgedAtAccess", "`region.Read`, `PolicyCheck.AtAccess`"),
            ("ReadViewAccessor", "`MemoryMappedViewAccessor`")),
        new(
            "write",
            nameof(AccessBenchmarks),
            [],
            ("WriteRawPointer", "raw pointer"),
            ("WritePinnedSpan", "pinned span"),
            ("WriteThroughScope", "span of a scope, its cost included"),
            ("WriteChecked", "`region.Write`"),
            ("WriteJudgedAtAccess", "`region.Write`, `PolicyCheck.AtAccess`"),
            ("WriteViewAccessor", "`MemoryMappedViewAccessor`")),
        new(
            "scope",
            nameof(ScopeBenchmarks),
            [],
            ("AcquirePointerReleasePointer", "the handle's `AcquirePointer`, `ReleasePointer`"),
            ("AcquireCompleteDispose", "`OpenScope`, `Complete`, `Dispose`")),
        new(
            "persist-lines",
            nameof(PersistLinesBenchmarks),
            ["Size"],
            ("LibpmemPersist", "libpmem2"),
            ("Persist", "`Persist`"),
            ("FlushAndDrain", "`WriteBack`, `Drain`"),
            ("PersistAsync", "`PersistAsync`"),
            ("StoresAlone", "the stores alone")),
        new(
            "persist-pages",
            nameof(PersistPagesBenchmarks),
            ["On", "Size"],
            ("BareMsyncCall", "bare msync"),
            ("Persist", "`Persist`"),
            ("PersistAsync", "`PersistAsync`"),
            ("LibpmemPersist", "libpmem2"),
            ("ViewAccessorFlush", "accessor's `Flush`"),
            ("WriteAndFlushToDisk", "`RandomAccess.Write`, `FlushToDisk`")),
        new("copy", nameof(CopyBenchmarks), ["Size"], ("LibpmemMemcpy", "libpmem2 memcpy"), ("PersistCopy", "`PersistCopy`")),
        new("move", nameof(CopyBenchmarks), ["Size"], ("LibpmemMemmove", "libpmem2 memmove"), ("PersistMove", "`PersistMove`")),
        new("fill", nameof(CopyBenchmarks), ["Size"], ("LibpmemMemset", "libpmem2 memset"), ("PersistFill", "`PersistFill`")),
        new(
            "copy-in-memory",
            nameof(CopyBenchmarks),
            ["Size"],
            ("PinnedSpanCopy", "pinned span"),
            ("CopyFrom", "`CopyFrom`"),
            ("ScopeSpanCopy", "span of a scope"),
            ("ViewAccessorWriteArray", "accessor's `WriteArray`")),
        new(
            "map",
            nameof(MapBenchmarks),
            ["On"],
            ("CreateViewAccessor", "`CreateViewAccessor`"),
            ("MapDirect", "`Map`, direct"),
            ("MapOrdinary", "`Map`, ordinary")),
        new(
            "open-and-map",
            nameof(MapBenchmarks),
            ["On"],
            ("CreateFromFileAndViewAccessor", "`CreateFromFile`, `CreateViewAccessor`"),
            ("OpenAndMapDirect", "`Open`, `Map`"),
            ("LibpmemMapNew", "open, pmem2_map_new")),
        new(
            "pmem-flush",
            nameof(PmemFlushBenchmarks),
            ["Operation", "Size", "Mode", "Threads"],
            ("Libpmem", "libpmem2 or msync"),
            ("DirectMap", "DirectMap")),
        new(
            "pmem-memcpy",
            nameof(PmemMemcpyBenchmarks),
            ["Operation", "Libc", "Persist", "SrcMode", "DestMode", "Size"],
            ("Libpmem", "libpmem2"),
            ("DirectMap", "DirectMap")),
        new(
            "pmem-memcpy-offset",
            nameof(PmemMemcpyOffsetBenchmarks),
            ["SrcOffset", "DestOffset"],
            ("Libpmem", "libpmem2"),
            ("DirectMap", "DirectMap")),
        new(
            "pmem-memset",
            nameof(PmemMemsetBenchmarks),
            ["Mode", "Offset", "Libc", "Persist", "Size"],
            ("Libpmem", "libpmem2"),
            ("DirectMap", "DirectMap")),
        new(
            "lease",
            nameof(LeaseBenchmarks),
            [],
            ("InterlockedPair", "an interlocked increment and decrement"),
            ("AcquireAndRelease", "a lease that nobody breaks, taken and released")),
        new(
            "look-up",
            nameof(LookUpBenchmarks),
            [],
            ("BreakBetweenLeases", "a breaker that finds no lease in its way"),
            ("ExclusiveLeaseBetweenLeases", "an exclusive lease beside the others"))
        {
            Across = "Leases"
        },
        new(
            "break",
            nameof(BreakBenchmarks),
            [],
            ("TwoHopHandOver", "a hand-over from one task to another and back"),
            ("LeaseTakenAndLetGo", "a lease, taken and released"),
            ("BreakOfAWillingHolder", "the same, broken: the holder lets go in its callback"),
            ("BreakOf10000LeasesOn1000Files", "10,000 leases on 1,000 files, broken at once, for each")),
        new(
            "block-map",
            nameof(BlockMapBenchmarks),
            [],
            ("BareWalk", "a bare walk"),
            ("MapUnderTheStrictPolicy", "`Map` under the strict policy"),
            ("GetExtents", "`GetExtents`")),
        new(
            "log",
            nameof(LogBenchmarks),
            [],
            ("FileStreamWriteAndFlushToDisk", "`FileStream.Write`, `Flush(flushToDisk: true)`"),
            ("RandomAccessWriteAndFlushToDisk", "`RandomAccess.Write`, `FlushToDisk`"),
            ("LogByPages", "`PersistentLog.Append` by pages"),
            ("LogByCacheLines", "`PersistentLog.Append` by emulated cache lines")),
        new(
            "pipe-read",
            nameof(PipelineBenchmarks),
            ["Chunk"],
            ("ScanSpan", "a span, scanned"),
            ("ReadByDefault", "the reader, buffer by buffer"),
            ("ReadChunks", "with a `BufferSize` of the chunk")),
        new(
            "pipe-write",
            nameof(PipelineBenchmarks),
            ["Chunk"],
            ("CopyToSpan", "copies to a span"),
            ("GetSpanAdvance", "`GetSpan` and `Advance`"),
            ("WriteAsync", "`WriteAsync` and its flush")),
        new(
            "telemetry",
            nameof(TelemetryBenchmarks),
            [],
            ("AcquireAndRelease", "a lease, taken and released"),
            ("Persist8Bytes", "`Persist` of 8 bytes on tmpfs"))
        {
            Across = "Listening"
        },
    ];

    /// <returns>The tables that were made anew: those of which the results have something.</returns>
    /// <exception cref="ReportException">The results have nothing of any, or the page does not mark them.</exception>
    internal static IReadOnlyList<string> Write(Results results, string page)
    {
        if (!File.Exists(page))
        {
            throw new ReportException($"There is no page {page}.");
        }

        List<string> lines = [.. File.ReadAllLines(page)];
        List<string> made = [];
        for (int i = 0; i < lines.Count; i++)
        {
            if (!lines[i].StartsWith(Begin, StringComparison.Ordinal))
            {
                continue;
            }

            string name = lines[i][Begin.Length..].Replace("-->", "").Trim();
            int end = lines.FindIndex(i + 1, line => line == End || line.StartsWith(Begin, StringComparison.Ordinal));
            if (end < 0 || lines[end] != End)
            {
                throw new ReportException($"{page}:{i + 1}: the table has no end ({End}).");
            }

            if (name != Machine && !All.Any(table => table.Name == name))
            {
                throw new ReportException(
                    $"{page}:{i + 1}: there is no table {name}; there are {Machine}, "
                        + $"{string.Join(", ", All.Select(table => table.Name))}.");
            }

            IReadOnlyList<string>? markdown = name == Machine
                ? [results.Machine + "."]
                : All.Single(table => table.Name == name).ToMarkdown(results);
            if (markdown is not null)
            {
                lines.RemoveRange(i + 1, end - i - 1);
                lines.InsertRange(i + 1, markdown);
                made.Add(name);
            }
        }

        if (made.All(name => name == Machine))
        {
            throw new ReportException($"{page} marks no table that the results have something of.");
        }

        File.WriteAllText(page, string.Join('\n', lines) + "\n");
        return made;
    }
}
