using DirectMap.Threading;

namespace DirectMap.Logs;

/// <content>Who appends: alone, or together with all who came meanwhile.</content>
internal sealed partial class LogEngine<TMemory>
{
    /// <summary>Stores a record and makes it durable.</summary>
    /// <returns>Its number.</returns>
    internal unsafe long Append(ReadOnlySpan<byte> record)
    {
        if (_queue.TryLead())
        {
            try
            {
                MakeRoom(RecordHead.SizeOf(record.Length, Alignment));
                long sequence = StoreRecord(record);
                PersistStored();
                return sequence;
            }
            finally
            {
                HandOn(1);
            }
        }

        fixed (byte* bytes = record)
        {
            return Serve(PinnedLogRequest.For(bytes, record.Length));
        }
    }

    /// <summary>Stores records and makes them durable with one persist. There is room for all of them, or none is stored.</summary>
    /// <returns>The number of the last one.</returns>
    internal long AppendBatch(ReadOnlySpan<ReadOnlyMemory<byte>> records)
    {
        if (!_queue.TryLead())
        {
            return Serve(new BatchLogRequest(records.ToArray()));
        }

        try
        {
            long sequence = BatchLogRequest.Store(this, records);
            PersistStored();
            return sequence;
        }
        finally
        {
            HandOn(1);
        }
    }

    /// <summary>Stores a record and makes it durable, without holding the caller's thread.</summary>
    internal ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        if (_memory.IsPersistQuick && _queue.TryLead())
        {
            try
            {
                MakeRoom(RecordHead.SizeOf(record.Length, Alignment));
                long sequence = StoreRecord(record.Span);
                PersistStored();
                return ValueTask.FromResult(sequence);
            }
            catch (Exception exception)
            {
                return ValueTask.FromException<long>(exception);
            }
            finally
            {
                HandOn(1);
            }
        }

        AsyncLogRequest request = new(record);
        switch (_queue.Add(request))
        {
            case LogQueue.Place.Refused:
                return ValueTask.FromException<long>(Refusal());
            case LogQueue.Place.Schedules:
                Schedule();
                break;
        }

        return cancellationToken.CanBeCanceled ? AwaitAsync(request, cancellationToken) : new ValueTask<long>(request.Done);
    }

    /// <summary>Gives up the records before one.</summary>
    internal void Trim(long sequence) => Serve(new TrimLogRequest(sequence));

    /// <summary>
    /// A record that nobody has begun to store can be taken back; from then on it is waited for, since its bytes are being read.
    /// </summary>
    private async ValueTask<long> AwaitAsync(AsyncLogRequest request, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                if (_queue.TryRemove(request))
                {
                    request.Cancel(token);
                }
            },
            null);
        return await request.Done.ConfigureAwait(false);
    }

    private long Serve(BlockingLogRequest request)
    {
        LogQueue.Place place = _queue.Add(request);
        if (place == LogQueue.Place.Refused)
        {
            throw Refusal();
        }

        if (place == LogQueue.Place.Leads)
        {
            Lead();
        }

        return request.Wait(this, static engine => engine.Lead());
    }

    /// <summary>Serves all that wait and those who come back at once, and hands on.</summary>
    private void Lead()
    {
        _queue.Gather();
        List<LogRequest> requests = _queue.Take();
        try
        {
            ServeAll(requests);
        }
        finally
        {
            HandOn(requests.Count);
            foreach (LogRequest request in requests)
            {
                request.Answer();
            }

            _queue.Return(requests);
        }
    }

    /// <summary>
    /// What fails is given to the request that it belongs to, and the others go on; but after a call of the memory has thrown nothing does.
    /// The first one gets what was thrown, the others that something has failed.
    /// </summary>
    private void ServeAll(List<LogRequest> requests)
    {
        foreach (LogRequest request in requests)
        {
            try
            {
                request.Run(this);
            }
            catch (Exception exception)
            {
                request.SetFailure(exception);
            }
        }

        try
        {
            PersistStored();
        }
        catch (Exception exception)
        {
            Exception what = exception;
            foreach (LogRequest request in requests.Where(static request => !request.HasFailed))
            {
                request.SetFailure(what);
                what = FailedBefore(Failure ?? exception);
            }
        }
    }

    private void HandOn(int answered)
    {
        if (_queue.HandOn(answered))
        {
            Schedule();
        }
    }

    /// <summary>To schedule twice is harmless: the second one finds that somebody leads.</summary>
    private void Schedule() => Uninterrupted.Run(
        this, static engine => ThreadPool.UnsafeQueueUserWorkItem(LeadScheduled, engine, preferLocal: false));

    private static void LeadScheduled(LogEngine<TMemory> engine)
    {
        if (engine._queue.TryLeadScheduled())
        {
            engine.Lead();
        }
    }
}
