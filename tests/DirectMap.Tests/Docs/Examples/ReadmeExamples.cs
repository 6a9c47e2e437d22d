namespace DirectMap.Tests.Docs.Examples;

internal static class ReadmeExamples
{
    [Example(NeedsNative = true)]
    internal static void Orders()
    {
        Truncated();
        Assert.Equal([1, 2, 3], File.ReadAllBytes("orders.bin"));

        static void Truncated()
        {
            // begin Orders
            File.Delete("orders.bin");                                // so that each run begins anew
            using DirectFile file = DirectFile.OpenOrCreate("orders.bin", length: 1 << 20);
            using MappedRegion region = file.Map();
            region.Write(0, 42L);                                     // at byte 0
            region.Persist(0, sizeof(long));                          // durable when it returns; otherwise it throws
            try
            {
                File.WriteAllBytes("orders.bin", [1, 2, 3]);          // somebody truncates the file
                Console.WriteLine(region.Read<long>(8192));           // MemoryMappedFile would end the process here
            }
            catch (MappingFaultException fault)
            {
                Console.WriteLine($"{fault.Cause}, {fault.Range}");
            }

            // end
        }
    }
}
