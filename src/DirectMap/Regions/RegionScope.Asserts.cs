using System.Diagnostics;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>What holds of a scope that is made, as far as it is cheap to look at. In debug builds only.</content>
public ref partial struct RegionScope
{
    [Conditional("DEBUG")]
    private static void AssertIsOpen(MappedRegion region, ScopeSlot slot, long number, long offset, int length)
    {
        Debug.Assert(slot.IsOpen(Math.Abs(number)), "a scope is made whose slot has another one");
        Debug.Assert(number < 0 == region.Core.IsDiagnosed, "a number is negative that no journal has, or the other way round");
        Debug.Assert(offset >= 0 && length >= 0 && offset <= region.Length - length, "a scope does not lie within its region");
    }
}
