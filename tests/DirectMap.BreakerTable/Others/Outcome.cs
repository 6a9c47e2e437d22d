namespace DirectMap.BreakerTable.Others;

/// <summary>What became of a call, in a word.</summary>
internal static class Outcome
{
    internal const string Ok = "ok";

    private static readonly Dictionary<int, string> s_errnos = new()
    {
        [1] = "EPERM",
        [11] = "EAGAIN",
        [13] = "EACCES",
        [16] = "EBUSY",
        [26] = "ETXTBSY",
        [35] = "EDEADLK",
        [95] = "EOPNOTSUPP",
    };

    /// <returns>"ok", the cause of a fault, the errno's name where it is one of leases, or the exception's name.</returns>
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
        catch (MapRefusedException refused)
        {
            return refused.Reason.ToString();
        }
        catch (Exception exception)
        {
            return NameOf(exception);
        }
    }

    /// <returns>What the call returns, or as <see cref="Of"/>.</returns>
    internal static string ValueOf(Func<string> call)
    {
        string value = "";
        string outcome = Of(() => value = call());
        return outcome == Ok ? value : outcome;
    }

    private static string NameOf(Exception exception) =>
        s_errnos.TryGetValue(exception.HResult, out string? name) ? name : exception.GetType().Name;
}
