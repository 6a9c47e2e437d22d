using System.Runtime.CompilerServices;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Load;

/// <summary>Null references, which the runtime makes exceptions of by a signal handler too: each one must be caught.</summary>
internal static class NullReferences
{
    private const int Kinds = 4;

    internal static void Run(Actor actor, Tally tally, Failures failures, Func<bool> isOver)
    {
        for (long made = 0; !isOver(); made++)
        {
            actor.Step("following a null reference");
            try
            {
                long value = Follow(null, (int)(made % Kinds));
                failures.Add($"following a null reference gave {value}");
            }
            catch (NullReferenceException)
            {
                tally.AddNullReferences(1);
            }
        }
    }

    /// <summary>A load, a store, a call, an array's element.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Follow(Node? node, int kind)
    {
        switch (kind)
        {
            case 0:
                return node!.Value;
            case 1:
                node!.Value = 1;
                return 0;
            case 2:
                return node!.GetHashCode();
            default:
                long[]? values = node as object as long[];
                return values![3];
        }
    }

    internal sealed class Node
    {
        internal long Value;
    }
}
