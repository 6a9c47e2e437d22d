namespace DirectMap.Tests.Docs.Examples;

internal static class ContractExamples
{
    [Example]
    internal static async Task Whole()
    {
        // begin Whole
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        MappedRegion region = await file.MapAsync(MapOptions.DirectOrEmulated with
        {
            WhenUnavailable = WhenUnavailable.Wait,                   // a break is pending: wait until it is over
            OnBreak = (self, why) => { using (self) { self.Persist(); } }, // somebody wants the file: let go
        });

        try
        {
            region.Write(0, 42L);
            region.Persist(0, sizeof(long));
        }
        catch (ObjectDisposedException)
        {
            // The callback let go before: map again.
        }
        catch (MappingFaultException fault) when (fault.Cause == FaultCause.Revoked)
        {
            // The callback was too late: look at the file, map again.
        }
        // end

        region.Dispose();
    }
}
