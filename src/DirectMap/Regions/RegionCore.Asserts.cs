using System.Diagnostics;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>What the parts of a region rely on, as far as it is cheap to look at. In debug builds only.</content>
internal sealed partial class RegionCore
{
    [Conditional("DEBUG")]
    private void AssertWithin(long offset, long length) => Debug.Assert(
        offset >= 0 && length >= 0 && offset <= Facts.Range.Length - length, "bytes outside the region are used, which nobody has checked");

    [Conditional("DEBUG")]
    private void AssertIsGuarded() => Debug.Assert(IsGuarded, "an access is judged where nobody judges");

    [Conditional("DEBUG")]
    private void AssertRefusesScopes() =>
        Debug.Assert(Life >= MappingLife.Releasing, "open scopes are looked for while new ones may be opened");

    [Conditional("DEBUG")]
    private void AssertIsGone() => Debug.Assert(Life > MappingLife.Releasing, "a lease is let go while accesses still believe the mapping");
}
