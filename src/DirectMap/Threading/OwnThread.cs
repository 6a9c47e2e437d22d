namespace DirectMap.Threading;

/// <summary>
/// Threads of the library's own. A thread inherits the signals that its creator has blocked, which may be any thread of the user's, and
/// the user cannot unblock them in a thread that is the library's; but it may run the user's code, or touch a mapping.
/// </summary>
internal static class OwnThread
{
    /// <summary>
    /// Bytes of stack for a thread that runs hardly any code of the user's. The usual 8 MiB are locked where all new memory is, and then
    /// they are as much as a process may lock by default.
    /// </summary>
    internal const int SmallStack = 1 << 20;

    private static Action? s_begin;

    /// <summary>Sets what each thread that is started from now on does first.</summary>
    internal static void BeginWith(Action action) => Volatile.Write(ref s_begin, action);

    /// <summary>Starts a thread, which does not keep the process alive.</summary>
    /// <param name="body">What it does.</param>
    /// <param name="name">Its name, for debuggers.</param>
    /// <param name="stackSize">Bytes; 0 for as many as are usual.</param>
    /// <exception cref="OutOfMemoryException">The system has no thread, or no memory for one.</exception>
    internal static void Start(Action body, string name, int stackSize = 0)
    {
        Thread thread = new(
            () =>
            {
                Volatile.Read(ref s_begin)?.Invoke();
                body();
            },
            stackSize)
        {
            IsBackground = true,
            Name = name,
        };
        thread.UnsafeStart();
    }
}
