namespace DirectMap.Breakers;

/// <summary>Bytes that are held until it is disposed.</summary>
internal sealed class HeldBytes : IDisposable
{
    private readonly FileRange _range;
    private GuardedFile? _file;

    internal HeldBytes(GuardedFile file, FileRange range)
    {
        _file = file;
        _range = range;
        file.Hold(range);
    }

    public void Dispose() => Interlocked.Exchange(ref _file, null)?.LetGo(_range);
}
