namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>Compiles C where the program runs.</summary>
internal static class NativeBuild
{
    /// <summary>The library's sources, in the repository that this program was built in.</summary>
    internal static string[] LibrarySources
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string sources = Path.Combine(folder.FullName, "src", "DirectMap.Native");
                if (Directory.Exists(sources))
                {
                    return Directory.GetFiles(sources, "*.c");
                }
            }

            throw new FileNotFoundException("The library's sources are not to be found: this has to run from within the repository.");
        }
    }

    internal static bool IsPossible => Compiler is not null;

    private static string? Compiler => Child.Has("cc") ? "cc" : Child.Has("gcc") ? "gcc" : null;

    /// <summary>Makes a shared object; what ends in ".h" is included before the source.</summary>
    internal static void Compile(string[] sources, string target, params string[] defines)
    {
        string compiler = Compiler ?? throw new FileNotFoundException("There is no C compiler (cc, gcc).");
        string[] command =
            [compiler, "-std=gnu11", "-O2", "-g", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", .. defines
            .SelectMany(define => define.EndsWith(".h", StringComparison.Ordinal) ? (string[])["-include", define] : ["-D" + define]),
                .. sources, "-o", target];
        Child.Result result = Child.Run(command);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(" and ", sources)}: not to be compiled: {result.Output}");
        }
    }
}
