using System.Diagnostics;
using System.Globalization;
using DirectMap.Tests.Breakers.Holding;
using DirectMap.Tests.Infrastructure;

[assembly: AssemblyFixture(typeof(ForeignProgram))]

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>The program that is another process: compiled when a test first wants it, gone with the last test.</summary>
public sealed class ForeignProgram : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly Lazy<string> _compiled;

    public ForeignProgram() => _compiled = new(() =>
    {
        string source = _directory.File("foreign.c");
        using (StreamReader text = new(typeof(ForeignProgram).Assembly.GetManifestResourceStream("foreign.c")!))
        {
            File.WriteAllText(source, text.ReadToEnd());
        }

        string target = _directory.File("foreign");
        CCompiler.Compile(CCompiler.Own, [source], target, "-pthread");
        return target;
    });

    internal string Path => _compiled.Value;

    public void Dispose() => _directory.Dispose();

    /// <summary>Starts it, as what another command starts where there is one (unshare).</summary>
    internal ForeignProcess Start(string mode, string path, params long[] arguments) => StartUnder([], mode, path, arguments);

    internal ForeignProcess StartUnder(string[] command, string mode, string path, params long[] arguments) =>
        StartAt(_compiled.Value, command, mode, path, arguments);

    internal static ForeignProcess StartAt(string program, string[] command, string mode, string path, params long[] arguments)
    {
        string[] all =
        [
            .. command, program, mode, path, .. arguments.Select(one => one.ToString(CultureInfo.InvariantCulture))
        ];
        return new ForeignProcess(Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }
}
