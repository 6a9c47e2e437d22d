using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <content>What becomes of an event.</content>
internal sealed partial class HoldingGroup
{
    private static readonly LingeringThreads s_lateLooks = new(most: 256, "DirectMap: guard, look");

    /// <returns>What is answered; null where it waits.</returns>
    private int? Judge(in PreContent.Event one)
    {
        GuardedFile? file;
        if (_kernel.TryIdentify(one.Descriptor, out InodeKey key, out long size) != 0)
        {
            return Errno.EIO; // An inode of which the kernel cannot say which it is.
        }

        using (_gate.Enter())
        {
            if (!_files.TryGetValue(key, out file))
            {
                return 0;
            }
        }

        bool isOpening = (one.Mask & PreContent.FAN_OPEN_PERM) != 0;
        AskedAccess asked = new(isOpening, one.Thread, RangeOf(one), size);
        bool passes = file.TryPass(ref asked, out HeldCall? ended);
        if (!passes)
        {
            return JudgeHeld(one, asked with { Before = ended }, file);
        }

        ended?.SetEnded(); // Where it is the same call after all, what it touched stays in the list of what goes on.
        return 0;
    }

    private int? JudgeHeld(in PreContent.Event one, in AskedAccess asked, GuardedFile file)
    {
        ThreadCall line = _kernel.LineOf(one.Thread);
        if (line.Number != ThreadCall.Running || one.Thread == 0)
        {
            return JudgeCall(one, asked, file, line);
        }

        (PreContent.Event late, AskedAccess what) = (one, asked);
        return s_lateLooks.TryRun(() => JudgeLate(late, what, file)) ? null : Errno.EAGAIN;
    }

    /// <summary>By a thread for whom nobody waits: who asks has not come to wait yet, so that nobody can say what he does.</summary>
    private void JudgeLate(PreContent.Event one, AskedAccess asked, GuardedFile file)
    {
        int? answer = Errno.EAGAIN; // Where the thread is gone nobody hears it.
        try
        {
            if (_kernel.AwaitLineOf(one.Thread) is { } line)
            {
                answer = JudgeCall(one, asked, file, line);
            }
            else
            {
                asked.Before?.SetEnded();
            }
        }
        finally
        {
            if (answer is { } errno)
            {
                _ = Answer(one.Descriptor, errno);
            }
        }
    }

    private int? JudgeCall(in PreContent.Event one, in AskedAccess asked, GuardedFile file, ThreadCall line)
    {
        if (asked.Before is { } before && (before.Line != line || !file.GoOn(before)))
        {
            before.SetEnded(); // Else it is one more event of the same call.
        }

        if (IsOwn(one.Thread, line, file))
        {
            return 0;
        }

        JudgedCall judged = CallJudge.Judge(asked, line, file.Traits, _kernel.EvidenceOf(one.Thread));
        if (asked.IsOpening && judged.Role != CallRole.Harmless)
        {
            file.SetHasWriters();
        }

        if (judged.Role is CallRole.Harmless or CallRole.OpensForWriting)
        {
            return 0;
        }

        HeldCall call = new(file, this, one.Descriptor, line, judged, asked);
        switch (file.Arrive(call))
        {
            case Arrival.Passes:
                if (judged.Role == CallRole.MapsWritable)
                {
                    file.Client.MapsWritable(call);
                }

                return 0;
            case Arrival.TooMany:
                return Errno.EAGAIN;
            default:
                if (!file.Client.TryTake(call))
                {
                    _ = call.TryDeny(Errno.EAGAIN);
                }

                return null;
        }
    }

    /// <summary>
    /// An operation of this process through a descriptor that is the library's: the coordinator has arbitrated it before the system call,
    /// so it waits for nobody here.
    /// </summary>
    private bool IsOwn(int thread, ThreadCall line, GuardedFile file)
    {
        if (!line.IsKnown || !_kernel.IsOwn(thread))
        {
            return false;
        }

        return SystemCallNumbers.Of(line.Number) switch
        {
            SystemCall.mmap => file.Client.Owns((int)line[4]),
            SystemCall.copy_file_range or SystemCall.splice or SystemCall.ioctl =>
                file.Client.Owns((int)line[0]) || file.Client.Owns((int)line[2]),
            SystemCall.sendfile => file.Client.Owns((int)line[0]) || file.Client.Owns((int)line[1]),
            SystemCall.write or SystemCall.pwrite64 or SystemCall.writev or SystemCall.pwritev or SystemCall.pwritev2
                or SystemCall.ftruncate or SystemCall.fallocate => file.Client.Owns((int)line[0]),
            _ => false,
        };
    }

    private static FileRange RangeOf(in PreContent.Event one) =>
        one.Offset < 0 || one.Count <= 0 ? default : new FileRange(one.Offset, Math.Min(one.Count, long.MaxValue - one.Offset));
}
