namespace DirectMap.Regions;

/// <summary>
/// What keeps a cooperative mapping from going while memory of it is handed out; forgotten memory lets go when it is collected. Mappings
/// whose pages can be replaced need none.
/// </summary>
internal sealed class MemoryHold : IDisposable
{
    private readonly RegionCore _core;
    private bool _isReleased;

    internal MemoryHold(RegionCore core)
    {
        _core = core;
        core.Mapping.Hold();
    }

    ~MemoryHold() => Release();

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (!Interlocked.Exchange(ref _isReleased, true))
        {
            _core.Mapping.Unhold();
            _core.ScopeClosed();
        }
    }
}
