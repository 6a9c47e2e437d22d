using System.Security.Cryptography;
using DirectMap.Regions;

namespace DirectMap.Logs;

/// <summary>
/// Tells followers how far a log is durable (<see cref="LogProgress"/>), and wakes those who sleep. One thread at a time. The order is the
/// place, then the beat, then the wake: who has read the beat before and then the place, and found nothing new, does not sleep, or is
/// woken.
/// </summary>
internal sealed class LogPublisher<TMemory>
    where TMemory : struct, ILogMemory
{
    private readonly TMemory _memory;
    private readonly SharedWord? _word;
    private readonly LogChecksum _begun;
    private uint _beat;

    /// <param name="memory">Where the log is.</param>
    /// <param name="header">Its state, whose life is the appender's.</param>
    /// <param name="instance">The appender's.</param>
    /// <param name="word">The beat, to wake those who sleep on it; null where nobody can. The teller's from now on.</param>
    internal LogPublisher(TMemory memory, LogHeader header, ulong instance, SharedWord? word)
    {
        _memory = memory;
        _word = word;
        _begun = LogProgress.BeginChecksum(header, instance);

        // Another one than the last of the appender before, also where that one could not store it any more.
        _beat = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
    }

    /// <summary>Tells of what is durable.</summary>
    internal void Publish(long end, long next)
    {
        new LogProgress(end, next).Store(_memory, _beat, _begun);
        Beat();
        _word?.Changed();
    }

    /// <summary>Has those who sleep look, and ends.</summary>
    internal void End()
    {
        try
        {
            Beat();
        }
        catch (Exception exception) when (exception is MappingFaultException or ObjectDisposedException)
        {
            // The region is gone. Those who do not sleep yet look again within their bound.
        }

        _word?.Wake();
        _word?.Dispose();
    }

    private void Beat()
    {
        Volatile.WriteBarrier();
        _memory.Store(LogProgress.BeatOffset, (ulong)++_beat);
    }
}
