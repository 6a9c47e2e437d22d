using System.Diagnostics;

namespace DirectMap.Breakers;

/// <summary>
/// One file, as the witness knows it: who holds it, and which operations of the library are in flight. All of it is under the witness's
/// gate. The rule by which a change is judged, when it is read from the queue:
/// <list type="number">
/// <item>A change by another process is a trespass, whatever is in flight.</item>
/// <item>A change by this process is a trespass where nothing is in flight. An operation is in flight from before its system call until
/// after it, and the queue is emptied at both ends: what waits at its beginning is judged as it was before, and what it caused is read
/// before it ends. So no operation of the library is told, and none hides what came before or after it.</item>
/// <item>Where it is not known which process it was, a change is a trespass where nothing is in flight. In flight it is a doubt, which
/// is looked into when the last operation has ended.</item>
/// <item>Where nobody holds the file nothing is told.</item>
/// </list>
/// </summary>
internal sealed class WatchedFile(IChangeListener listener)
{
    private int _holders;
    private int _inFlight;
    private readonly PossibleLengths _lengths = new();
    private long _stamp; // how many operations have begun and ended
    private bool _isDoubted;

    internal IChangeListener Listener => listener;

    /// <summary>What tells of changes, also while it is being disarmed; null for nothing.</summary>
    internal IChangeSource? Source { get; set; }

    /// <summary>Whether it is being disarmed: who holds it from now on has to arm it again.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>Whether it goes on to be watched.</summary>
    internal bool IsArmed => Source is not null && !IsLeaving;

    /// <summary>By what the source knows it.</summary>
    internal object? Key { get; set; }

    internal bool IsHeld => _holders > 0;

    internal void Hold() => _holders++;

    internal void LetGo()
    {
        Debug.Assert(_holders > 0, "a file is let go more often than held");
        _holders--;
    }

    /// <param name="operation">What is going to be done; null for what leaves the file's length as it is.</param>
    /// <param name="length">The file's length.</param>
    internal void Begin(BreakRequest? operation, KnownLength length)
    {
        if (_inFlight++ == 0)
        {
            _lengths.Restart(length.Stamp == _stamp ? length.Length : -1);
        }

        _stamp++;
        _lengths.Add(operation);
    }

    /// <summary>How many operations have begun and ended.</summary>
    internal long Stamp => _stamp;

    /// <summary>
    /// Whether the operations that were in flight last can have made the file so long. Where others have begun or ended since it was seen
    /// nobody can say: the doubt is looked into when the next one ends.
    /// </summary>
    internal bool MayBe(KnownLength length)
    {
        if (_inFlight > 0 || length.Stamp != _stamp)
        {
            _isDoubted = true;
            return true;
        }

        return _lengths.Contains(length.Length);
    }

    /// <returns>Whether a doubt is to be looked into.</returns>
    internal bool End()
    {
        Debug.Assert(_inFlight > 0, "an operation ends twice");
        _inFlight--;
        _stamp++;
        if (_inFlight > 0)
        {
            return false;
        }

        (bool isDoubted, _isDoubted) = (_isDoubted, false);
        return isDoubted;
    }

    /// <summary>Judges a change.</summary>
    /// <returns>Whose trespass it is; null for nobody's, or a doubt.</returns>
    internal TrespassOrigin? Judge(ChangedBy who)
    {
        if (!IsHeld)
        {
            return null;
        }

        switch (who)
        {
            case ChangedBy.OtherProcess:
                return TrespassOrigin.OtherProcess;
            case ChangedBy.ThisProcess:
                return _inFlight == 0 ? TrespassOrigin.ThisProcess : null;
            default:
                _isDoubted |= _inFlight > 0;
                return _inFlight == 0 ? TrespassOrigin.Unknown : null;
        }
    }
}
