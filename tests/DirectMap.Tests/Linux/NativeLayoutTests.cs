using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Linux;

/// <summary>The word that holds together what the native library and the managed code must have alike.</summary>
public sealed unsafe partial class NativeLayoutTests : IDisposable
{
    private const string Header = "directmap.h";
    private const string BelongsToAnotherVersion = "the native library libdirectmap.so that was found belongs to another version";
    private const string HasAnotherLayout = "the native library libdirectmap.so that was found has another layout than the managed code";

    private readonly TestDirectory _directory = new();

    [Fact]
    public void The_word_of_the_sources_is_that_of_the_managed_code() => Assert.Equal(NativeLayout.Word, WordOf(CopyOfSources()));

    [Fact]
    public void A_change_of_any_constant_changes_the_word()
    {
        string folder = CopyOfSources();
        string[] constants = SharedConstants(folder);

        Assert.Contains("TAKEN_ALONG = 8", constants); // or the header is written in another way, and the test proves nothing
        Assert.DoesNotContain(constants, IsNotInTheWord);

        bool IsNotInTheWord(string constant)
        {
            Change(folder, Header, constant, Changed(constant));
            ulong word = WordOf(folder);
            Change(folder, Header, Changed(constant), constant);
            return word == NativeLayout.Word;
        }
    }

    [Theory]
    [InlineData("_Atomic int32_t word;", "_Atomic int64_t word;")]
    [InlineData("uint32_t generation;", "uint16_t generation;")]
    [InlineData("_Atomic int64_t first;", "_Atomic int32_t first, more;")]
    [InlineData("_Atomic int64_t first;", "_Atomic int64_t first, more;")]
    [InlineData("_Atomic int32_t word;\n    uint32_t generation;", "uint32_t generation;\n    _Atomic int32_t word;")]
    public void A_change_of_the_state_block_changes_the_word(string from, string to)
    {
        string folder = CopyOfSources();
        Change(folder, Header, from, to);

        Assert.NotEqual(NativeLayout.Word, WordOf(folder));
    }

    [Theory]
    [InlineData("X('d') X('i') X('r')", "X('d') X('i') X('e')")]
    [InlineData("X('n') X('k')", "X('n')")]
    [InlineData("PRIVATE_MEMORY | MEMORY_FILE << 4", "MEMORY_FILE | PRIVATE_MEMORY << 4")]
    public void Another_way_to_replace_pages_changes_the_word(string from, string to)
    {
        string folder = CopyOfSources();
        Change(folder, Header, from, to);

        Assert.NotEqual(NativeLayout.Word, WordOf(folder));
    }

    [Theory]
    [InlineData("PROT_READ")]
    [InlineData("PROT_WRITE")]
    [InlineData("MAP_SHARED")]
    [InlineData("MAP_PRIVATE")]
    [InlineData("MAP_FIXED")]
    [InlineData("MAP_ANONYMOUS")]
    [InlineData("MAP_NORESERVE")]
    public void Another_flag_of_mmap_changes_the_word(string flag)
    {
        string folder = CopyOfSources();
        Change(folder, "library.c", "#include <sys/mman.h>", $"#include <sys/mman.h>\n#undef {flag}\n#define {flag} 0x777777");

        Assert.NotEqual(NativeLayout.Word, WordOf(folder));
    }

    [Theory]
    [InlineData("BUS_ADRERR")]
    [InlineData("BUS_OBJERR")]
    [InlineData("BUS_MCEERR_AR")]
    [InlineData("BUS_MCEERR_AO")]
    public void Another_code_of_the_kernel_changes_the_word(string code)
    {
        string folder = CopyOfSources();
        Change(folder, "library.c", "#include <signal.h>", $"#include <signal.h>\n#undef {code}\n#define {code} 77");

        Assert.NotEqual(NativeLayout.Word, WordOf(folder));
    }

    [Theory]
    [InlineData("LOST = ", HasAnotherLayout)]
    [InlineData("ABI = ", BelongsToAnotherVersion)]
    public void A_library_with_another_constant_counts_as_missing(string beginning, string reason)
    {
        string folder = CopyOfSources();
        string constant = SharedConstants(folder).Single(constant => constant.StartsWith(beginning, StringComparison.Ordinal));
        Change(folder, Header, constant, Changed(constant));

        AssertIsRefused(folder, reason);
    }

    [Fact]
    public void A_library_without_the_word_counts_as_missing()
    {
        string folder = CopyOfSources();
        Change(folder, "library.c", "EXPORT uint64_t directmap_layout", "uint64_t without(void);\nuint64_t without");

        AssertIsRefused(folder, BelongsToAnotherVersion);
    }

    [Fact]
    public void A_library_that_belongs_to_the_managed_code_is_used()
    {
        string library = Compile(Directory.GetFiles(CopyOfSources(), "*.c"));

        AssertExit0(ChildProcess.RunWithOtherNativeLibrary(library, NativeLayoutCases.SayThatNothingIsMissing));
    }

    public void Dispose() => _directory.Dispose();

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());

    [GeneratedRegex(@"\b[A-Z][A-Z0-9_]* = -?\d+")]
    private static partial Regex Constant();

    /// <summary>NAME = VALUE of all that the header has before the list.</summary>
    private static string[] SharedConstants(string folder)
    {
        string header = File.ReadAllText(Path.Combine(folder, Header));
        string shared = header[..header.IndexOf("#define SHARED", StringComparison.Ordinal)];
        return [.. Constant().Matches(shared).Select(match => match.Value)];
    }

    private static string Changed(string constant)
    {
        string[] parts = constant.Split(" = ");
        return $"{parts[0]} = {int.Parse(parts[1], CultureInfo.InvariantCulture) + 100}";
    }

    private static void Change(string folder, string source, string from, string to)
    {
        string path = Path.Combine(folder, source);
        string text = File.ReadAllText(path);
        Regex once = new($@"(?<!\w){Regex.Escape(from)}(?!\w)");
        Assert.Single(once.Matches(text));
        File.WriteAllText(path, once.Replace(text, to));
    }

    private void AssertIsRefused(string folder, string reason)
    {
        string library = Compile(Directory.GetFiles(folder, "*.c"));
        AssertExit0(ChildProcess.RunWithOtherNativeLibrary(library, NativeLayoutCases.SayWhyItIsRefused, _directory.File(), reason));
    }

    private string CopyOfSources()
    {
        string from = Path.Combine(Repository.Root, "src", "DirectMap.Native");
        string to = Directory.CreateDirectory(_directory.File("sources")).FullName;
        foreach (string path in Directory.GetFiles(from).Where(path => Path.GetExtension(path) is ".c" or ".h"))
        {
            File.Copy(path, Path.Combine(to, Path.GetFileName(path)));
        }

        return to;
    }

    /// <summary>What directmap_layout answers when it is compiled of these sources.</summary>
    private ulong WordOf(string folder)
    {
        nint library = NativeLibrary.Load(Compile([Path.Combine(folder, "library.c")]));
        try
        {
            return ((delegate* unmanaged<ulong>)NativeLibrary.GetExport(library, "directmap_layout"))();
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private string Compile(string[] sources)
    {
        string library = _directory.File($"{Guid.NewGuid():N}.so");
        CCompiler.Compile(CCompiler.Own, sources, library, "-fPIC", "-shared", "-fvisibility=hidden");
        return library;
    }
}
