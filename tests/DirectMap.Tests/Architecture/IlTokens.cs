using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// The methods, fields and types that a method's IL uses. To store to a field is no use of it: what nobody reads serves nobody.
/// </summary>
internal static class IlTokens
{
    private static readonly OpCode[] s_oneByte = new OpCode[256];
    private static readonly OpCode[] s_twoBytes = new OpCode[256];

    static IlTokens()
    {
        foreach (FieldInfo field in typeof(OpCodes).GetFields())
        {
            OpCode code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? s_oneByte : s_twoBytes)[code.Value & 0xff] = code;
        }
    }

    internal static List<EntityHandle> Of(MethodBodyBlock body)
    {
        List<EntityHandle> tokens = [];
        for (BlobReader il = body.GetILReader(); il.RemainingBytes > 0;)
        {
            byte first = il.ReadByte();
            OpCode code = first == 0xfe ? s_twoBytes[il.ReadByte()] : s_oneByte[first];
            switch (code.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok:
                    EntityHandle token = MetadataTokens.EntityHandle(il.ReadInt32());
                    if (code != OpCodes.Stfld && code != OpCodes.Stsfld)
                    {
                        tokens.Add(token);
                    }

                    break;
                case OperandType.InlineSwitch:
                    int targets = il.ReadInt32(); // Before the offset is read, which it moves.
                    il.Offset += 4 * targets;
                    break;
                default:
                    il.Offset += SizeOf(code.OperandType);
                    break;
            }
        }

        return tokens;
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
