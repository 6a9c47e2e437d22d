namespace DirectMap.Threading;

/// <summary>
/// A value that is made once, when it is first asked for. In the BCL's lazy value a thread that is interrupted while another one makes it
/// gets an exception in place of it; here it gets the value, and keeps the interrupt for whatever it waits for next. What throws is made
/// again when it is asked for again.
/// </summary>
/// <param name="make">Makes it; once, unless it throws. Where it is interrupted it is called again.</param>
internal sealed class UninterruptedLazy<T>(Func<T> make)
{
    private readonly UninterruptedLock _gate = new();
    private T? _value;
    private bool _isMade;

    internal T Value
    {
        get
        {
            if (!Volatile.Read(ref _isMade))
            {
                Uninterrupted.Run(this, static lazy => lazy.Make());
            }

            return _value!;
        }
    }

    private void Make()
    {
        using (_gate.Enter())
        {
            if (!_isMade)
            {
                _value = make();
                Volatile.Write(ref _isMade, true); // After the value, which is read after it.
            }
        }
    }
}
