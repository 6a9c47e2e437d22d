namespace DirectMap.Tests.Docs.Examples;

internal static class ReadmeExamples
{
    [Example]
    internal static async Task Orders()
    {
        await OrdersAsync();
        byte[] content = File.ReadAllBytes("orders.pmem");
        Assert.Equal([42, 1, 7, 7, 0], [content[0], content[100], content[4096], content[8191], content[8192]]);

        static async Task OrdersAsync()
        {
            // begin Orders
            // created with 16 MiB of written blocks; one that exists stays as it is
            using DirectFile file = DirectFile.OpenOrCreate("orders.pmem", length: 16 << 20);
            await using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
            {
                // somebody wants the file: let go, or be revoked at the deadline
                OnBreak = (self, why) => { using (self) { self.Persist(); } },
            });

            region.Write(0, 42L);                  // checked: bounds, lease, lost pages
            region.Persist(0, sizeof(long));       // durable as region.Durability says; throws when it is not
            using (RegionScope scope = region.OpenScope(offset: 4096, length: 4096))
            {
                scope.Span.Fill(7);                // a span at the speed of memory; the compiler keeps it inside the using
                scope.Complete();                  // throws if the region was revoked meanwhile, or a page was lost
            }

            using DirectFile other = DirectFile.Open("orders.pmem");     // another owner of the same file
            await other.WriteAsync(new byte[] { 1, 2, 3 }, fileOffset: 100); // waits for the holder
            // end
        }
    }
}
