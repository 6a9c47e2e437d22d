using System.Diagnostics;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Compiles C for a test that needs it.</summary>
internal static class CCompiler
{
    private static readonly string[] s_names = ["cc", "gcc", "clang"];

    /// <summary>One for this machine. The test is skipped where there is none: there the native library is missing, too.</summary>
    internal static string Own
    {
        get
        {
            string? name = s_names.FirstOrDefault(Has);
            Requires.Have("native", name is not null, "needs a C compiler (cc, gcc or clang)");
            return name!;
        }
    }

    /// <summary>One by its name. The test is skipped where there is none.</summary>
    internal static string Named(string name)
    {
        Requires.Have(name, Has(name), $"needs {name}");
        return name;
    }

    internal static bool Has(string command) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, command)));

    /// <summary>A warning fails the test, as it fails the library's build.</summary>
    internal static void Compile(string compiler, IEnumerable<string> sources, string target, params string[] options)
    {
        string[] arguments = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", .. options, .. sources, "-o", target];
        using Process process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }
}
