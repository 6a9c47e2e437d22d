namespace DirectMap.Leases;

/// <summary>One breaker, from its arrival to the end of its operation. Everything mutable is written under the table's gate.</summary>
internal sealed class Breaker : ILayoutBreak
{
    private readonly FileLeases _table;

    internal Breaker(FileLeases table, BreakRequest request)
    {
        _table = table;
        Request = request;
    }

    internal BreakRequest Request { get; }

    public FileRange Range => Request.Range;

    /// <summary>Whether it holds the right to change the layout.</summary>
    internal bool IsRunning { get; set; }

    /// <summary>Completed when the right is granted or can never be; null for a breaker that did not have to wait.</summary>
    internal TaskCompletionSource? Granted { get; set; }

    /// <summary>The operation is finished.</summary>
    public void Dispose() => _table.Finish(this);
}
