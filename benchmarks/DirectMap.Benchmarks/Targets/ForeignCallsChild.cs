using System.Diagnostics;
using System.Globalization;
using System.Text;
using static DirectMap.Benchmarks.Targets.BareGuardCalls;

namespace DirectMap.Benchmarks.Targets;

/// <summary>The other process of <see cref="ForeignCalls"/>.</summary>
internal static unsafe class ForeignCallsChild
{
    internal const string Command = "foreign-calls";
    internal const string Open = "open";
    internal const string OpenToRead = "open-to-read";
    internal const string Close = "close";

    private const int Page = 4096;

    private static readonly Dictionary<int, byte[]> s_paths = [];

    /// <summary>Argument: the processor.</summary>
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        Processors.Pin(0, int.Parse(arguments[0], CultureInfo.InvariantCulture));
        while (Console.In.ReadLine() is { } question) // until the parent closes it, or has died
        {
            try
            {
                Console.Out.WriteLine(Answer(question).ToString("R", CultureInfo.InvariantCulture));
            }
            catch (IOException failure)
            {
                Console.Out.WriteLine(failure.Message);
            }

            Console.Out.Flush();
        }

        return 0;
    }

    private static double Answer(string question)
    {
        string[] words = question.Split(' ', 2);
        if (words[0] is Open or OpenToRead)
        {
            byte[] path = Encoding.UTF8.GetBytes(words[1] + '\0');
            int file = OpenPath(path, words[0] == Open ? O_RDWR : O_RDONLY);
            s_paths[file] = path;
            return file;
        }

        int[] numbers = [.. words[1].Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        return words[0] == Close
            ? BareGuardCalls.Close(numbers[0])
            : Time(Enum.Parse<ForeignCall>(words[0]), numbers[0], numbers[1], numbers[2]);
    }

    private static double Time(ForeignCall call, int file, int samples, int each)
    {
        byte* page = stackalloc byte[Page];
        byte[] path = s_paths[file];
        double[] times = new double[samples];
        for (int sample = 0; sample < samples; sample++)
        {
            long began = Stopwatch.GetTimestamp();
            switch (call)
            {
                case ForeignCall.Read:
                    Reads(file, page, each);
                    break;
                case ForeignCall.Write:
                    Writes(file, page, each);
                    break;
                default:
                    Opens(path, each);
                    break;
            }

            times[sample] = (Stopwatch.GetTimestamp() - began) * 1e9 / Stopwatch.Frequency / each;
        }

        return Paired.Median(times);
    }

    private static void Reads(int file, byte* page, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = Check(Read(file, page, Page, 0), "pread");
        }
    }

    private static void Writes(int file, byte* page, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = Check(Write(file, page, Page, 0), "pwrite");
        }
    }

    private static void Opens(byte[] path, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = BareGuardCalls.Close(OpenPath(path, O_RDWR));
        }
    }

    private static int OpenPath(byte[] path, int access)
    {
        fixed (byte* first = path)
        {
            return Check(BareGuardCalls.Open(first, access | O_CLOEXEC), "open");
        }
    }
}
