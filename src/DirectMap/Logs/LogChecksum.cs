using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace DirectMap.Logs;

/// <summary>CRC-32C, by the processor's instruction where it has one. The bytes may come in several pieces.</summary>
internal struct LogChecksum()
{
    private uint _register = uint.MaxValue;

    internal readonly uint Value => ~_register;

    internal void Add(ulong word) => _register = BitOperations.Crc32C(_register, word);

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        uint register = _register;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            register = BitOperations.Crc32C(register, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes[(bytes.Length & ~7)..])
        {
            register = BitOperations.Crc32C(register, rest);
        }

        _register = register;
    }
}
