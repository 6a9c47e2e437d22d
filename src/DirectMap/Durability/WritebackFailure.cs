namespace DirectMap;

/// <summary>The file system failed to write bytes of a file to its device.</summary>
/// <remarks>Which ones is not known. It is immutable, and safe for any thread.</remarks>
public sealed class WritebackFailure
{
    internal WritebackFailure(FileId file, long number, int errno, string message)
    {
        File = file;
        Number = number;
        Errno = errno;
        Message = message;
    }

    /// <summary>The file.</summary>
    public FileId File { get; }

    /// <summary>The errno that the kernel reported: EIO, ENOSPC, EDQUOT.</summary>
    public int Errno { get; }

    /// <summary>The same in words.</summary>
    public string Message { get; }

    internal long Number { get; }

    /// <summary>Returns the message.</summary>
    public override string ToString() => Message;
}
