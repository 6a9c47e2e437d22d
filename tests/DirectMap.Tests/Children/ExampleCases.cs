using System.Reflection;

namespace DirectMap.Tests.Children;

/// <summary>The documentation's examples.</summary>
internal static class ExampleCases
{
    /// <summary>
    /// Arguments: the class, the method, the folder to run in. What an example throws is exit 1, so that it does not look
    /// like the end by a fault.
    /// </summary>
    internal static int Run(string[] arguments)
    {
        Directory.SetCurrentDirectory(arguments[2]);
        try
        {
            MethodInfo example = typeof(ExampleCases).Assembly.GetType(arguments[0], throwOnError: true)!
                .GetMethod(arguments[1], BindingFlags.Static | BindingFlags.NonPublic)!;
            (example.Invoke(null, null) as Task)?.GetAwaiter().GetResult();
            return 0;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            return 1;
        }
    }
}
