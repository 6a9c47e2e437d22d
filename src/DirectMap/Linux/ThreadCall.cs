using System.Globalization;
using System.Runtime.CompilerServices;

namespace DirectMap.Linux;

/// <summary>A line of /proc/TID/syscall: the number of the system call that a thread is in, and its arguments.</summary>
internal readonly record struct ThreadCall
{
    /// <summary>Of a thread that runs, so that nobody can say where.</summary>
    internal const int Running = -2;

    /// <summary>Of a thread that is blocked, and in no system call.</summary>
    internal const int Nowhere = -1;

    private const int Shift = 3;

    private readonly CallArguments _arguments;
    private readonly int _shifted; // A line that nobody has read is of a thread that runs, and in no call that reads.

    /// <param name="number">As this machine's kernel numbers them.</param>
    /// <param name="arguments">Up to six.</param>
    internal ThreadCall(int number, ReadOnlySpan<ulong> arguments)
    {
        _shifted = number + Shift;
        for (int i = 0; i < arguments.Length; i++)
        {
            _arguments[i] = arguments[i];
        }
    }

    /// <summary>The system call's number, or <see cref="Running"/>, or <see cref="Nowhere"/>.</summary>
    internal int Number => _shifted == 0 ? Running : _shifted - Shift;

    internal bool IsKnown => Number >= 0;

    /// <summary>An argument, from 0 to 5.</summary>
    internal ulong this[int index] => _arguments[index];

    /// <summary>Two lines say the same.</summary>
    public bool Equals(ThreadCall other)
    {
        for (int i = 0; i < CallArguments.Count; i++)
        {
            if (_arguments[i] != other._arguments[i])
            {
                return false;
            }
        }

        return Number == other.Number;
    }

    public override int GetHashCode() => HashCode.Combine(Number, _arguments[0], _arguments[1], _arguments[2]);

    /// <summary>Reads the line; what is none is of a thread that runs.</summary>
    internal static ThreadCall Parse(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOfAny((byte)' ', (byte)'\n');
        if (end <= 0 || !int.TryParse(line[..end], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            return new ThreadCall(Running, []);
        }

        Span<ulong> fields = stackalloc ulong[CallArguments.Count + 2]; // The last two are the stack's and the program's place.
        int count = 0;
        ReadOnlySpan<byte> rest = line[end..].TrimStart((byte)' ');
        while (number >= 0 && count < fields.Length && rest.StartsWith("0x"u8))
        {
            end = rest.IndexOfAny((byte)' ', (byte)'\n');
            ReadOnlySpan<byte> digits = end < 0 ? rest[2..] : rest[2..end];
            if (!ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out fields[count]))
            {
                return new ThreadCall(Running, []);
            }

            count++;
            rest = end < 0 ? [] : rest[end..].TrimStart((byte)' ');
        }

        // A thread of the kernel, or one of its workers of io_uring, shows what its registers were when it was made.
        bool isOfKernel = count == fields.Length && (fields[^1] == 0 || fields[^2] == 0);
        return isOfKernel ? new ThreadCall(Nowhere, []) : new ThreadCall(number, fields[..Math.Min(count, CallArguments.Count)]);
    }

    [InlineArray(Count)]
    private struct CallArguments
    {
        internal const int Count = 6;

        private ulong _first;
    }
}
