using System.Diagnostics;
using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <content>The invariants, by their numbers, as far as they are cheap to look at. In debug builds only.</content>
internal sealed unsafe partial class RegionMapping
{
    [Conditional("DEBUG")]
    private void AssertGoesOn(MappingLife life) =>
        Debug.Assert(Life <= MappingLife.Releasing && life > Life, "1: a life goes back, or on after its end");

    [Conditional("DEBUG")]
    private void AssertFollows(FaultHandler.StateBlock* next) => Debug.Assert(
        HasLost && next->Generation == _state->Generation + 1 && LifeOf(Volatile.Read(ref next->Word)) == Life,
        "2: a state follows one that has lost nothing, or not as the next one");

    [Conditional("DEBUG")]
    private void AssertFormerHaveLost()
    {
        foreach (nint former in _former)
        {
            int word = ((FaultHandler.StateBlock*)former)->Word;
            Debug.Assert((word & (int)MappingLife.Lost) != 0, "2: a former word does not keep its Lost bit");
        }
    }

    [Conditional("DEBUG")]
    private void AssertMapped() => Debug.Assert(_view is not null, "3: a range is used that is not mapped any more");

    [Conditional("DEBUG")]
    private void AssertEmpty() => Debug.Assert(Volatile.Read(ref _inside) == 0, "3: a range goes while an access is in it");

    [Conditional("DEBUG")]
    private void AssertSaysSo() => Debug.Assert(Life > MappingLife.Releasing, "4: pages are replaced before the word says so");

    [Conditional("DEBUG")]
    private static void AssertCounted(int left) =>
        Debug.Assert(left >= 0, "5: more has ended, or was given back, than had begun in a cooperative mapping");
}
