namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// Random copies between regions of one file, which have the same bytes at other addresses, and a model made of one array.
/// </summary>
internal static class AliasedCopies
{
    internal const int Length = (2 << 20) + (300 << 10);

    private static readonly int[] s_sizes = [1, 8, 63, 300, 4097, 65_536, 70_001, (1 << 20) + 17];

    private static readonly int[] s_distances = [0, 1, 7, 64, 100, 4096, 65_535, 200_000];

    private enum Way
    {
        CopyFrom,
        CopyFromMemory,
        CopyFromSequence,
        CopyTo,
        PersistCopy,
        PersistCopyDurable,
    }

    /// <summary>The file has <see cref="Length"/> bytes.</summary>
    internal static void Run(DirectFile file, DirectFile other, int seed, int count, MapOptions? options = null)
    {
        Random random = new(seed);
        MapOptions whole = options ?? MapOptions.DirectOrEmulated;
        long part = 16 * Environment.SystemPageSize;
        using MappedRegion first = file.Map(whole);
        using MappedRegion behind = file.Map(whole with { Range = FileRange.From(part) });
        using MappedRegion others = other.Map(whole with { Access = MappingAccess.Read });
        byte[] model = new byte[Length];
        random.NextBytes(model);
        first.CopyFrom(0, model);
        for (int step = 0; step < count; step++)
        {
            (MappedRegion to, MappedRegion from) = random.Next(4) switch
            {
                0 => (first, behind),
                1 => (behind, first),
                2 => (first, others),
                _ => (behind, others)
            };
            int size = s_sizes[random.Next(s_sizes.Length)] + random.Next(40);
            int distance = s_distances[random.Next(s_distances.Length)] * (random.Next(2) == 0 ? 1 : -1);
            long source = part + random.Next((int)(Length - part - size));
            long destination = Math.Clamp(source + distance, part, Length - size);
            Way way = (Way)random.Next(6);
            model.AsSpan((int)source, size).CopyTo(model.AsSpan((int)destination));

            Copy(way, to, destination - to.FileOffset, from, source - from.FileOffset, size);

            byte[] now = new byte[Length];
            first.CopyTo(0, now);
            int wrong = now.AsSpan().CommonPrefixLength(model);
            Assert.True(wrong == Length, $"seed {seed}, step {step}: {way} of {size} bytes from {source} to {destination} at {wrong}");
        }
    }

    private static void Copy(Way way, MappedRegion to, long destination, MappedRegion from, long source, int size)
    {
        if (way == Way.CopyTo && from.Access == MappingAccess.ReadWrite)
        {
            using RegionScope target = to.OpenScope(destination, size);
            from.CopyTo(source, target.Span);
            target.Complete();
            return;
        }

        if (way == Way.CopyFromMemory)
        {
            using RegionMemory memory = from.GetMemory(source, size);
            to.CopyFrom(destination, memory.ReadOnlyMemory.Span);
            return;
        }

        if (way == Way.CopyFromSequence)
        {
            using RegionSequence sequence = from.GetSequence(source, size);
            to.CopyFrom(destination, sequence.Sequence.FirstSpan);
            return;
        }

        using RegionScope scope = from.OpenScope(source, size);
        switch (way)
        {
            case Way.PersistCopy:
                to.PersistCopy(destination, scope.ReadOnlySpan, StoreFlags.NoFlush);
                break;
            case Way.PersistCopyDurable:
                to.PersistCopy(destination, scope.ReadOnlySpan, StoreFlags.NonTemporal);
                break;
            default:
                to.CopyFrom(destination, scope.ReadOnlySpan);
                break;
        }

        scope.Complete();
    }
}
