using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// Looks for a moment at which nobody else has a guarded file open. Meanwhile, where that is allowed, nobody is asked but who opens it: so
/// the moment is found soon even if others open, write and close the file all the time. Everybody is asked again before anybody who was
/// not open at that moment can have finished to open it. One thread.
/// </summary>
internal sealed class ProofSearch : IDisposable
{
    private readonly GuardedFile _file;
    private readonly SafeFileHandle _description;
    private readonly bool _suspends;
    private bool _isSuspended;

    /// <param name="file">The file, which its group holds.</param>
    /// <param name="description">The only description through which this process has it open.</param>
    /// <param name="suspends">Whether nobody need be asked meanwhile: nobody holds bytes of it.</param>
    internal ProofSearch(GuardedFile file, SafeFileHandle description, bool suspends)
    {
        _file = file;
        _description = description;
        _suspends = suspends;
    }

    /// <summary>Looks once.</summary>
    /// <param name="readersToo">Whether others who have it open for reading count, too.</param>
    internal bool TryFind(bool readersToo)
    {
        if (_suspends && !_isSuspended)
        {
            _isSuspended = _file.Group!.TrySuspend(_description);
        }

        _file.BeginProof(); // Who opens it for writing from now on counts.
        if (_file.Group!.Kernel.TryProve(_description, readersToo, Resume) == 0)
        {
            return true;
        }

        _file.SetHasWriters();
        return false;
    }

    public void Dispose() => _ = Resume();

    private bool Resume()
    {
        if (_isSuspended)
        {
            _isSuspended = false;
            return _file.Group!.TryResume(_file, _description);
        }

        return true;
    }
}
