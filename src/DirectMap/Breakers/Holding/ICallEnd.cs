namespace DirectMap.Breakers;

/// <summary>Looks whether a thread has left a system call. One thread at a time.</summary>
internal interface ICallEnd : IDisposable
{
    /// <summary>One look. True on evidence only; it takes a millisecond at most.</summary>
    bool HasEnded();
}
