namespace DirectMap.Breakers;

/// <summary>The files that were disarmed last, as far as events of them may still come. Under the witness's gate.</summary>
internal sealed class ForgottenKeys
{
    private const int Most = 4096;

    private readonly HashSet<string> _keys = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Queue<string> _order = new();

    internal ForgottenKeys() => _lookup = _keys.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The file is forgotten. One of so many before is not remembered any more.</summary>
    internal void Add(string key)
    {
        if (!_keys.Add(key))
        {
            return;
        }

        _order.Enqueue(key);
        if (_order.Count > Most)
        {
            _ = _keys.Remove(_order.Dequeue());
        }
    }

    internal bool Contains(ReadOnlySpan<char> key) => _lookup.Contains(key);
}
