namespace DirectMap;

/// <summary>Why a <see cref="PersistentLog"/> refuses something.</summary>
public enum LogError
{
    /// <summary>There is no room for the record (ENOSPC). Nothing was stored. <see cref="PersistentLog.Trim"/> makes room.</summary>
    Full = 0,

    /// <summary>In this range there is no log, or one of another length (EINVAL).</summary>
    NotALog = 1,

    /// <summary>A record that was durable is not whole, or the header is not (EBADMSG).</summary>
    Damaged = 2,

    /// <summary>
    /// An append or a trim failed before (EIO): <see cref="Exception.InnerException"/> says how.
    /// <see cref="PersistentLog.Attach"/> goes on.
    /// </summary>
    Failed = 3,

    /// <summary>The log has let go of its region (EAGAIN): <see cref="PersistentLog.Attach"/> goes on.</summary>
    Detached = 4,

    /// <summary>
    /// Records were given up before the reader came to them (EOVERFLOW): <see cref="PersistentLogException.Missed"/> says how many. The
    /// next read is of the oldest one that is there.
    /// </summary>
    Overtaken = 5,
}
