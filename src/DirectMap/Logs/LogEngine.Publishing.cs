namespace DirectMap.Logs;

/// <content>What those are told who follow the log.</content>
internal sealed partial class LogEngine<TMemory>
{
    /// <summary>Begins to tell followers what is durable. Before anything is appended.</summary>
    /// <param name="instance">The appender's, which the status page has, or gets next.</param>
    internal void BeginTelling(ulong instance)
    {
        _publisher = new LogPublisher<TMemory>(_memory, _header, instance, _memory.OpenBeat());
        Publish();
    }

    /// <summary>Has followers look once more. After the last store to the log, and the end of the instance.</summary>
    internal void EndTelling()
    {
        _publisher?.End();
        _publisher = null;
    }

    /// <summary>
    /// What was made durable is, whether followers hear of it or not: a failure here is the next append's, not that one's.
    /// </summary>
    internal void Publish()
    {
        try
        {
            _publisher?.Publish(_durableEnd, _durableSequence + 1);
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }
}
