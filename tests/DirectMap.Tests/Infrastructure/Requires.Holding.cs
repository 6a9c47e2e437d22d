namespace DirectMap.Tests.Infrastructure;

/// <content>An engine that has other processes wait.</content>
internal static partial class Requires
{
    private static readonly Lazy<string?> s_whyNotHeld = new(() =>
    {
        using TestDirectory directory = new();
        return WhyNotHeldIn(directory);
    });

    /// <summary>The temp folder's files can be guarded at <see cref="ProtectionLevel.Proved"/>, and there is a C compiler.</summary>
    internal static void Holding()
    {
        Root();
        Have("holding", s_whyNotHeld.Value is null, $"no file can be guarded: {s_whyNotHeld.Value}");
        _ = CCompiler.Own;
    }

    /// <summary>The same, of another folder.</summary>
    internal static void HoldingIn(TestDirectory directory)
    {
        Holding();
        string? why = WhyNotHeldIn(directory);
        Have("holding", why is null, $"no file can be guarded: {why}");
    }

    private static string? WhyNotHeldIn(TestDirectory directory)
    {
        string path = directory.File("probe");
        File.WriteAllBytes(path, new byte[4096]);
        try
        {
            DirectFile.Open(path, DirectFileOptions.Default with { Guard = GuardOptions.Required(ProtectionLevel.Proved) }).Dispose();
            return null;
        }
        catch (Exception exception) when (exception is NotSupportedException or IOException)
        {
            return exception.Message;
        }
    }
}
