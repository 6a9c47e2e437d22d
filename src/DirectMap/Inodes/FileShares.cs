using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// Those in this process who have an inode open with a FileShare. flock belongs to a description, and here many have the same one: so the
/// first of them takes the lock, the last gives it back, and among them it is decided here, as the kernel would between descriptions.
/// </summary>
internal sealed class FileShares
{
    private readonly UninterruptedLock _gate = new();
    private SafeFileHandle? _locked; // null where the file system has no such locks
    private bool _isExclusive;
    private int _count;

    /// <param name="file">One of the inode's shared descriptions, which is open as long as somebody refers to the inode.</param>
    /// <param name="exclusive">Whether nobody else may.</param>
    /// <returns>Null where somebody else is in the way.</returns>
    internal Claim? TryTake(SafeFileHandle file, bool exclusive)
    {
        using (_gate.Enter())
        {
            if (_count == 0)
            {
                int errno = Flock.TryLock(file, exclusive);
                if (errno == Errno.EAGAIN)
                {
                    return null;
                }

                // Others say that there are no locks, which FileStream takes for none that is in the way.
                (_locked, _isExclusive) = (errno == 0 ? file : null, exclusive);
            }
            else if (exclusive || _isExclusive)
            {
                return null;
            }

            _count++;
            return new Claim(this);
        }
    }

    private void Release()
    {
        using (_gate.Enter())
        {
            if (--_count == 0 && _locked is { } file)
            {
                _locked = null;
                _ = Flock.TryUnlock(file); // A mapping that lives on would keep it.
            }
        }
    }

    /// <summary>One opener's part, which its clones keep alive; it begins with one reference.</summary>
    internal sealed class Claim(FileShares shares)
    {
        private int _references = 1;

        internal bool TryAdd()
        {
            int references = Volatile.Read(ref _references);
            while (references > 0)
            {
                int seen = Interlocked.CompareExchange(ref _references, references + 1, references);
                if (seen == references)
                {
                    return true;
                }

                references = seen;
            }

            return false;
        }

        internal void Release()
        {
            if (Interlocked.Decrement(ref _references) == 0)
            {
                shares.Release();
            }
        }
    }
}
