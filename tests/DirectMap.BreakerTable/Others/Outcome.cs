namespace DirectMap.BreakerTable.Others;

/// <summary>What became of a call, in a word.</summary>
internal static class Outcome
{
    internal const string Ok = "ok";

    /// <returns>"ok", the cause of a fault, or the exception's name.</returns>
    internal static string Of(Action call)
    {
        try
        {
            call();
            return Ok;
        }
        catch (MappingFaultException fault)
        {
            return fault.Cause.ToString();
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
