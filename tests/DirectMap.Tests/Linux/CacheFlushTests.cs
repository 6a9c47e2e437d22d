using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Linux;

/// <summary>Cache lines: which instruction, and which lines.</summary>
public sealed unsafe partial class CacheFlushTests : IDisposable
{
    private const uint Clflush = 1u << 19;
    private const uint Clflushopt = 1u << 23;
    private const uint Clwb = 1u << 24;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(0, 0, "None")]
    [InlineData(Clflush, 0, "Clflush")]
    [InlineData(Clflush, Clflushopt, "Clflushopt")]
    [InlineData(Clflush, Clflushopt | Clwb, "Clwb")]
    [InlineData(Clflush, Clwb, "Clwb")]
    [InlineData(~Clflush, ~(Clflushopt | Clwb), "None")]
    [InlineData(uint.MaxValue, ~(Clflushopt | Clwb), "Clflush")]
    public void The_best_instruction_that_the_processor_says_of_is_used(uint edx1, uint ebx7, string expected)
    {
        Requires.Native();

        Assert.Equal(expected, directmap_choose_x64(edx1, ebx7).ToString());
    }

    [Theory]
    [InlineData(0ul, "DcCvac")]
    [InlineData(1ul << 16, "DcCvap")]
    [InlineData(~(1ul << 16), "DcCvac")]
    public void On_arm64_it_is_the_one_to_the_point_of_persistence_if_there_is_one(ulong hwcap, string expected)
    {
        Requires.Native();

        Assert.Equal(expected, directmap_choose_arm64(hwcap).ToString());
    }

    [Theory]
    [InlineData("GenuineIntel", true)]
    [InlineData("AuthenticAMD", false)]
    [InlineData("GenuineIntek", false)]
    [InlineData("genuineIntel", false)]
    [InlineData("CentaurHauls", false)]
    public void Non_temporal_stores_need_no_flush_only_where_the_maker_says_so(string maker, bool expected)
    {
        Requires.Native();
        ReadOnlySpan<uint> parts = MemoryMarshal.Cast<byte, uint>(System.Text.Encoding.ASCII.GetBytes(maker));

        Assert.Equal(expected, directmap_evicts_x64(parts[0], parts[1], parts[2]) != 0);
    }

    [Fact]
    public void What_is_used_is_what_the_kernel_says_of_this_processor()
    {
        Requires.Native();
        Assert.SkipUnless(
            RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "arm64's flags are not in /proc/cpuinfo by these names");
        string[] lines = File.ReadAllLines("/proc/cpuinfo");
        string[] flags = lines.First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ');

        Assert.Null(CacheFlush.Missing);
        Assert.Equal(
            flags.Contains("clwb") ? CacheFlush.Instruction.Clwb
                : flags.Contains("clflushopt") ? CacheFlush.Instruction.Clflushopt
                : CacheFlush.Instruction.Clflush,
            CacheFlush.Used);
        Assert.Contains($"clflush size\t: {CacheFlush.LineSize}", lines);
        Assert.Equal(
            lines.Any(line =>
                line.StartsWith("vendor_id", StringComparison.Ordinal) && line.EndsWith("GenuineIntel", StringComparison.Ordinal)),
            CacheFlush.NonTemporalStoresEvict);
    }

    [Fact]
    public void A_flush_touches_no_page_that_has_no_byte_of_the_range_and_changes_nothing()
    {
        Requires.Native();
        using GuardedMemory memory = new(5);
        byte[] content = new byte[memory.Length];
        new Random(1).NextBytes(content);
        content.CopyTo(memory.Span);

        foreach (int length in Enumerable.Range(0, 200).Concat([64 * 62, (64 * 63) - 1, 64 * 63, (64 * 63) + 1, 64 * 64, memory.Length]))
        {
            CacheFlush.Flush(memory.Start, (nuint)length);
            CacheFlush.Flush(memory.End - length, (nuint)length);
            CacheFlush.Drain();
        }

        CacheFlush.Flush(null, 0);
        Assert.True(memory.Span.SequenceEqual(content));
    }

    [Fact]
    public void Each_line_that_has_a_byte_is_flushed_once()
    {
        string probe = Build(CCompiler.Own);

        Answer answer = Run(probe);

        Assert.True(answer.ExitCode == 0, answer.Text);
        Requires.Native();
        Assert.Equal(
            $"instruction {(int)CacheFlush.Used}, line {CacheFlush.LineSize}, evicts {(CacheFlush.NonTemporalStoresEvict ? 1 : 0)}",
            answer.Text);
    }

    /// <summary>qemu 7 has no DC CVAP in a process, so arm64 is the processor that has none either.</summary>
    [Theory]
    [InlineData("qemu-x86_64", "qemu64", "x86_64-linux-gnu-gcc", "instruction 1, line 64, evicts 0")]
    [InlineData("qemu-x86_64", "EPYC", "x86_64-linux-gnu-gcc", "instruction 2, line 64, evicts 0")]
    [InlineData("qemu-x86_64", "max", "x86_64-linux-gnu-gcc", "instruction 3, line 64, evicts 0")]
    [InlineData("qemu-x86_64", "Skylake-Server", "x86_64-linux-gnu-gcc", "instruction 3, line 64, evicts 1")]
    [InlineData("qemu-x86_64", "qemu64,-clflush", "x86_64-linux-gnu-gcc", "instruction 0, line 0, evicts 0")]
    [InlineData("qemu-aarch64", "cortex-a53", "aarch64-linux-gnu-gcc", "instruction 4, line 64, evicts 0")]
    public void Other_processors_use_what_they_have(string emulator, string processor, string compiler, string expected)
    {
        Requires.Have(emulator, CCompiler.Has(emulator), $"needs {emulator} (Debian: qemu-user)");
        string probe = Build(CCompiler.Named(compiler), "-static");

        Answer answer = Run(emulator, "-cpu", processor, probe);

        Assert.True(answer.ExitCode == 0, answer.Text);
        Assert.Equal(expected, answer.Text.Split('\n')[^1]); // Before it, what the emulator does not have.
    }

    [Fact]
    public void Where_the_library_is_missing_flush_and_fault_handler_say_the_same()
    {
        ChildProcess.Result result = ChildProcess.RunWithoutNativeLibrary(FlushCases.SayWhatIsMissing);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    public void Dispose() => _directory.Dispose();

    private static Answer Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Answer(process.ExitCode, process.ExitCode == 0 ? text.Trim() : text + error.Result);
    }

    private string Build(string compiler, params string[] options)
    {
        string[] sources = ["src/DirectMap.Native/flush.c", "tests/DirectMap.Tests/Linux/flush-probe.c"];
        string probe = _directory.File("probe");
        string root = Repository.Root;
        CCompiler.Compile(compiler, sources.Select(source => Path.Combine(root, source)), probe, [.. options, "-DDIRECTMAP_HOOKS"]);
        return probe;
    }

    [LibraryImport("directmap")]
    private static partial CacheFlush.Instruction directmap_choose_x64(uint edx, uint ebx);

    [LibraryImport("directmap")]
    private static partial CacheFlush.Instruction directmap_choose_arm64(ulong hwcap);

    [LibraryImport("directmap")]
    private static partial int directmap_evicts_x64(uint ebx, uint edx, uint ecx);

    private sealed record Answer(int ExitCode, string Text);
}
