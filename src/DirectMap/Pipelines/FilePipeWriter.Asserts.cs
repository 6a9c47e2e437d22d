using System.Diagnostics;

namespace DirectMap.Pipelines;

/// <content>The invariants, by their numbers, as far as they are cheap to look at. In debug builds only.</content>
internal sealed partial class FilePipeWriter
{
    [Conditional("DEBUG")]
    private void AssertCopy()
    {
        Debug.Assert(_copy is null || _copy.WrittenCount == Unflushed, "3: the copy is not of exactly what is unflushed");
        Debug.Assert(_window is not null || _copy is not null || Unflushed == 0, "2: what was written is nowhere");
    }
}
