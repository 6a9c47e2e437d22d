using System.Buffers;
using System.IO.Pipelines;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Reading a region through a PipeReader beside a scan of its span, and writing it through a PipeWriter beside memcpy into the same
/// mapping. Nothing is made durable.
/// </summary>
internal static class PipelineTargets
{
    private const int Memory = 64 << 20;

    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(1); // a pass takes longer
    private static readonly RegionWriterOptions s_options = new() { Durable = false };

    private static MappedRegion s_region = null!;
    private static byte[] s_source = [];
    private static int s_step;

    internal static IEnumerable<Line> Read(Paired paired)
    {
        using Place place = new(Place.Memory, Memory);
        using MappedRegion region = Use(place);
        yield return Line.AtMost(
            "scan of 64 MiB, buffer by buffer, to a span's", 1 / 0.9, paired.Compare(ReadBuffers, ScanSpan, s_slice, 200));
        s_step = 65536;
        yield return Line.AtMost(
            "consuming 64 KiB at a time, to a span's", 1 / 0.9, paired.Compare(ReadSteps, ScanSpanInSteps, s_slice, 200));
        s_step = 4096;
        yield return Line.AtMost(
            "consuming 4 KiB at a time, to the BCL's reader", 1.25, paired.Compare(ReadSteps, ReadStepsOfSequence, s_slice, 200));
    }

    internal static IEnumerable<Line> Write(Paired paired)
    {
        using Place place = new(Place.Memory, Memory);
        using MappedRegion region = Use(place);
        foreach (int length in (int[])[65536, 4096])
        {
            s_source = new byte[length];
            yield return Line.AtMost(
                $"GetSpan and Advance, {length} bytes, to memcpy", 1 / 0.8, paired.Compare(WriteSpans, CopyToSpan, s_slice, 200));
            yield return Line.AtMost(
                $"WriteAsync and its flush, {length} bytes, to memcpy", 1 / 0.8, paired.Compare(WriteWithFlush, CopyToSpan, s_slice, 200));
        }
    }

    private static MappedRegion Use(Place place)
    {
        s_region = place.File.Map(MapOptions.DirectOrEmulated);
        s_region.Fill(0, Memory, 1);
        return s_region;
    }

    private static void ScanSpan(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(0, Memory);
            ThrowIfFound(scope.ReadOnlySpan);
            scope.Complete();
        }
    }

    private static void ScanSpanInSteps(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(0, Memory);
            for (int at = 0; at < Memory; at += s_step)
            {
                ThrowIfFound(scope.ReadOnlySpan.Slice(at, s_step));
            }

            scope.Complete();
        }
    }

    private static void ReadBuffers(int count)
    {
        for (int i = 0; i < count; i++)
        {
            PipeReader reader = s_region.CreateReader();
            while (reader.TryRead(out ReadResult read))
            {
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                {
                    ThrowIfFound(segment.Span);
                }

                reader.AdvanceTo(read.Buffer.End);
            }

            reader.Complete();
        }
    }

    private static void ReadSteps(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ReadSteps(s_region.CreateReader());
        }
    }

    /// <summary>The BCL's reader over the same memory.</summary>
    private static void ReadStepsOfSequence(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionSequence sequence = s_region.GetSequence(0, Memory);
            ReadSteps(PipeReader.Create(sequence.Sequence));
            sequence.Complete();
        }
    }

    private static void ReadSteps(PipeReader reader)
    {
        while (reader.TryRead(out ReadResult read))
        {
            ReadOnlySequence<byte> part = read.Buffer.Slice(0, s_step);
            ThrowIfFound(part.FirstSpan);
            reader.AdvanceTo(part.End);
        }

        reader.Complete();
    }

    private static void ThrowIfFound(ReadOnlySpan<byte> span)
    {
        if (span.IndexOf((byte)7) >= 0)
        {
            throw new InvalidOperationException("All bytes are 1, or 0.");
        }
    }

    private static void CopyToSpan(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(0, Memory);
            Span<byte> span = scope.Span;
            for (int at = 0; at < Memory; at += s_source.Length)
            {
                s_source.CopyTo(span[at..]);
            }

            scope.Complete();
        }
    }

    private static void WriteSpans(int count)
    {
        for (int i = 0; i < count; i++)
        {
            RegionWriter writer = s_region.CreateWriter(options: s_options);
            for (int at = 0; at < Memory; at += s_source.Length)
            {
                s_source.CopyTo(writer.GetSpan(s_source.Length));
                writer.Advance(s_source.Length);
            }

            writer.Complete();
        }
    }

    private static void WriteWithFlush(int count)
    {
        for (int i = 0; i < count; i++)
        {
            RegionWriter writer = s_region.CreateWriter(options: s_options);
            for (int at = 0; at < Memory; at += s_source.Length)
            {
                ValueTask<FlushResult> flush = writer.WriteAsync(s_source);
                if (!flush.IsCompletedSuccessfully)
                {
                    throw new InvalidOperationException("A flush that has nothing to wait for is done when it returns.");
                }
            }

            writer.Complete();
        }
    }
}
