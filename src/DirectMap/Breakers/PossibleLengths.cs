namespace DirectMap.Breakers;

/// <summary>
/// What length a file may have after operations of the library, for when it is not known who changed it meanwhile: the one that it had
/// before the first of them, or one that they make. Any other is somebody else's. It is under the witness's gate.
/// </summary>
internal sealed class PossibleLengths
{
    /// <summary>So many are remembered; more operations at a time may have made any.</summary>
    private const int Most = 1024;

    private readonly HashSet<long> _lengths = [];
    private bool _isAny = true;

    /// <summary>Nothing is in flight, and the file has a length.</summary>
    /// <param name="length">In bytes; -1 where it is not known.</param>
    internal void Restart(long length)
    {
        _isAny = length < 0;
        _lengths.Clear();
        _ = _lengths.Add(length);
    }

    /// <summary>An operation begins.</summary>
    /// <param name="operation">Which; null for one that leaves the length as it is.</param>
    internal void Add(BreakRequest? operation)
    {
        if (_isAny || operation is null)
        {
            return;
        }

        switch (operation.Operation)
        {
            case LayoutOperation.SetLength or LayoutOperation.CollapseRange or LayoutOperation.InsertRange or LayoutOperation.BreakLayout:
                _isAny = true; // They move the end, or are several, and what they touch does not say where to.
                break;
            default:
                _ = _lengths.Add(operation.Range.End);
                break;
        }

        _isAny |= _lengths.Count > Most;
    }

    internal bool Contains(long length) => _isAny || length < 0 || _lengths.Contains(length);
}
