using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace DirectMap.Tests.Architecture;

/// <summary>The instructions of a method that name something: a type, a method or a field.</summary>
internal static class Instructions
{
    private const byte TwoBytes = 0xfe;

    private static readonly OpCode[] s_one = new OpCode[256];
    private static readonly OpCode[] s_two = new OpCode[256];

    static Instructions()
    {
        foreach (System.Reflection.FieldInfo field in typeof(OpCodes).GetFields())
        {
            OpCode code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? s_one : s_two)[code.Value & 0xff] = code;
        }
    }

    internal static List<(OpCode Code, EntityHandle Token)> Of(MethodBodyBlock body) =>
        [.. All(body).Select(instruction => (instruction.Code, instruction.Token))];

    /// <summary>What is called, and at which offset in the method.</summary>
    internal static IEnumerable<(int Offset, EntityHandle Token)> CallsOf(MethodBodyBlock body) =>
        from instruction in All(body)
        where instruction.Code.OperandType == OperandType.InlineMethod
        select (instruction.Offset, instruction.Token);

    private static List<(int Offset, OpCode Code, EntityHandle Token)> All(MethodBodyBlock body)
    {
        List<(int, OpCode, EntityHandle)> found = [];
        for (BlobReader il = body.GetILReader(); il.RemainingBytes > 0;)
        {
            int offset = il.Offset;
            byte first = il.ReadByte();
            OpCode code = first == TwoBytes ? s_two[il.ReadByte()] : s_one[first];
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
                or OperandType.InlineSig)
            {
                found.Add((offset, code, MetadataTokens.EntityHandle(il.ReadInt32())));
            }
            else
            {
                Skip(ref il, code.OperandType);
            }
        }

        return found;
    }

    private static void Skip(ref BlobReader il, OperandType operand)
    {
        if (operand == OperandType.InlineSwitch)
        {
            int targets = il.ReadInt32(); // First: it moves the offset.
            il.Offset += 4 * targets;
            return;
        }

        il.Offset += operand switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            _ => 4,
        };
    }
}
