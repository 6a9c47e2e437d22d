using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// faccessat2(2) and access(2): whether a file may be opened, without opening it. Where the former is missing, the latter is asked, which
/// is on each kernel and in each filter, and judges the real user. What it refuses and the kernel might allow is not refused here.
/// </summary>
internal static partial class AccessPermission
{
    private const nint SYS_faccessat2 = 439; // On every architecture that .NET runs on.
    private const int R_OK = 4;
    private const int W_OK = 2;
    private const int F_OK = 0;
    private const int AT_FDCWD = -100;
    private const int AT_EACCESS = 0x200;
    private const int AT_EMPTY_PATH = 0x1000;

    /// <summary>CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, which access(2) takes away from who is not root.</summary>
    private const ulong Overriding = (1 << 1) | (1 << 2);

    /// <summary>
    /// Seccomp filters older than the call answer EPERM, which it may itself. They are a thread's, and may be set at any time.
    /// </summary>
    private static bool IsThere => ByPath(SYS_faccessat2, AT_FDCWD, "/", F_OK, 0) == 0;

    private static bool IsOldThere => Access("/", F_OK) == 0;

    /// <summary>Asks for the caller's effective user, through an O_PATH descriptor.</summary>
    /// <returns>0; EACCES, EPERM (immutable), EROFS, or another error number.</returns>
    internal static int Try(SafeFileHandle file, bool writing)
    {
        int mode = R_OK | (writing ? W_OK : 0);
        int errno = Through(SYS_faccessat2, file, "", mode, AT_EACCESS | AT_EMPTY_PATH) == 0 ? 0 : Errno.Last;
        return errno is not (Errno.EPERM or Errno.ENOSYS) || IsThere ? errno : TryOfRealUser(file, mode);
    }

    private static int TryOfRealUser(SafeFileHandle file, int mode)
    {
        bool referenced = false;
        try
        {
            file.DangerousAddRef(ref referenced);
            int errno = Access($"/proc/self/fd/{file.DangerousGetHandle()}", mode) == 0 ? 0 : Errno.Last;
            return errno switch
            {
                Errno.EPERM when IsOldThere => Errno.EPERM, // Of the file, whoever asks,
                Errno.EROFS => Errno.EROFS, // and of the mount.
                Errno.EACCES when IsRealUserAsGood() => Errno.EACCES,
                _ => 0,
            };
        }
        finally
        {
            if (referenced)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Whether access(2) allows the calling thread all that open(2) does: user and group by which files are judged are the real ones, and
    /// there are no capabilities that the former does without. False where that cannot be read.
    /// </summary>
    private static bool IsRealUserAsGood()
    {
        try
        {
            ulong[]? user = null, group = null, capabilities = null;
            foreach (string line in File.ReadLines("/proc/thread-self/status"))
            {
                user ??= Numbers(line, "Uid:", NumberStyles.None);
                group ??= Numbers(line, "Gid:", NumberStyles.None);
                capabilities ??= Numbers(line, "CapEff:", NumberStyles.AllowHexSpecifier);
            }

            // Real, effective, saved, of files. Of root, access(2) takes no capability away.
            return user is [var real, _, _, var ofFiles] && group is [var realGroup, _, _, var groupOfFiles] && capabilities is [var has]
                && real == ofFiles && realGroup == groupOfFiles && (real == 0 || (has & Overriding) == 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static ulong[]? Numbers(string line, string name, NumberStyles style) => line.StartsWith(name, StringComparison.Ordinal)
        ? [.. line[name.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)
            .Select(number => ulong.Parse(number, style, CultureInfo.InvariantCulture))]
        : null;

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Through(nint number, SafeFileHandle directory, string path, nint mode, nint flags);

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ByPath(nint number, nint directory, string path, nint mode, nint flags);

    [LibraryImport(Libc.Name, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
