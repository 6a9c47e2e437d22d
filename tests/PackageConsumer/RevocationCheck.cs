using DirectMap;

/// <summary>A holder that is told of a break, and does not let go.</summary>
internal static class RevocationCheck
{
    internal static async Task<bool> PassesAsync(IDirectFileFactory files, string path)
    {
        TaskCompletionSource<string> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using DirectFile file = files.Create(path, 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (_, why) => told.SetResult($"{why.Operation}") });
        using DirectFile other = files.Open(path);
        await other.WriteAsync(new byte[] { 7 }, fileOffset: 0);
        FaultCause? cause = null;
        try
        {
            region.Read<byte>(0);
        }
        catch (MappingFaultException fault)
        {
            cause = fault.Cause;
        }

        string operation = await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Console.WriteLine($"told of {operation}; after {files.Coordinator.LeaseBreakTime}: {cause}, {region.State}");
        return operation == nameof(LayoutOperation.Write) && cause == FaultCause.Revoked && region.State == RegionState.Revoked;
    }
}
