namespace DirectMap.Pipelines;

/// <content>For tests only: how far the answer to a break is.</content>
internal sealed partial class FilePipeWriter
{
    /// <summary>Whether a break has been answered by a copy, or by letting go.</summary>
    internal bool HasHeardOfBreak
    {
        get
        {
            using (_gate.Enter())
            {
                return _copy is not null || _window is null;
            }
        }
    }
}
