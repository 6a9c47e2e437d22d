namespace DirectMap.Threading;

/// <summary>Code of the user's that is called once, by the first thread that comes to it (<see cref="CallbackWatch"/>).</summary>
internal abstract class UserCallback : IThreadPoolWorkItem
{
    private int _isTaken;

    /// <summary>The one that was added before; for <see cref="AddedCallbacks"/>.</summary>
    internal UserCallback? Before { get; set; }

    internal bool IsTaken => Volatile.Read(ref _isTaken) != 0;

    /// <summary>True for one thread.</summary>
    internal bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    /// <summary>Calls it; never throws.</summary>
    internal abstract void Run();

    void IThreadPoolWorkItem.Execute()
    {
        if (TryTake())
        {
            Run();
        }
    }
}
