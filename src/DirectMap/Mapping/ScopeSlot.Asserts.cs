using System.Diagnostics;

namespace DirectMap.Mapping;

/// <content>What holds of a slot, as far as it is cheap to look at. In debug builds only.</content>
internal sealed partial class ScopeSlot
{
    [Conditional("DEBUG")]
    private void AssertIsOwn() => Debug.Assert(Thread.CurrentThread == _thread, "a slot is written to by another thread than its own");

    [Conditional("DEBUG")]
    private void AssertIsFree() => Debug.Assert(IsFree && _region is null, "a scope is opened in a slot that has one");

    [Conditional("DEBUG")]
    private void AssertIsTaken() => Debug.Assert(!IsFree && _region is not null, "a slot has a number of an open scope, and no region");
}
