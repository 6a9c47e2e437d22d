namespace DirectMap.Tests.Children;

/// <summary>The README's example, word for word; ReadmeTests compares them.</summary>
internal static class ReadmeCases
{
    /// <summary>Argument: the folder to run in.</summary>
    internal static int Example(string[] arguments)
    {
        Directory.SetCurrentDirectory(arguments[0]);
        ExampleAsync().GetAwaiter().GetResult();
        byte[] content = File.ReadAllBytes("orders.pmem");
        return content[0] == 42 && content[100] == 1 && content[4096] == 7 && content[8191] == 7 && content[8192] == 0 ? 0 : 1;
    }

    private static async Task ExampleAsync()
    {
        // begin
        using DirectFile file = DirectFile.Create("orders.pmem", length: 16 << 20); // must not exist; every block is written
        await using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
        {
            OnBreak = (self, why) => { self.Persist(); self.Dispose(); }, // somebody wants the file: let go, or be revoked at the deadline
        });

        region.Write(0, 42L);                  // checked: bounds, lease
        region.Persist(0, sizeof(long));       // durable as region.Durability says; throws when it is not
        using (RegionScope scope = region.Acquire(offset: 4096, length: 4096))
        {
            scope.Span.Fill(7);                // a span at the speed of memory; the compiler keeps it inside the using
            scope.Complete();                  // throws if the region was revoked meanwhile
        }

        using DirectFile other = DirectFile.Open("orders.pmem");     // another owner of the same file
        await other.WriteAsync(new byte[] { 1, 2, 3 }, offset: 100); // waits for the holder
        // end
    }
}
