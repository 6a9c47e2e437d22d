namespace DirectMap.Tests.Infrastructure;

/// <summary>Random reads and writes of a file whose buffers are memory of its own regions, and a model made of one array.</summary>
internal static class AliasedTransfers
{
    internal const int Length = 400 << 10;

    private static readonly int[] s_sizes = [1, 8, 63, 300, 4097, 65_536, 70_001, 200_003];

    private static readonly int[] s_distances = [0, 1, 7, 64, 100, 4096, 65_535, 100_000];

    private enum Way
    {
        Read,
        ReadByOther,
        Write,
        WriteAsync,
        Gather,
        GatherAsync,
    }

    /// <summary>The file has <see cref="Length"/> bytes.</summary>
    internal static async Task Run(DirectFile file, DirectFile other, int seed, int count)
    {
        Random random = new(seed);
        long part = 4 * Environment.SystemPageSize;
        using MappedRegion first = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion behind = file.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(part) });
        byte[] model = new byte[Length];
        random.NextBytes(model);
        first.CopyFrom(0, model);
        for (int step = 0; step < count; step++)
        {
            MappedRegion region = random.Next(2) == 0 ? first : behind;
            int size = s_sizes[random.Next(s_sizes.Length)] + random.Next(40);
            int distance = s_distances[random.Next(s_distances.Length)] * (random.Next(2) == 0 ? 1 : -1);
            long source = part + random.Next((int)(Length - part - size));
            long destination = Math.Clamp(source + distance, part, Length - size);
            Way way = (Way)random.Next(6);
            byte[] moved = model[(int)source..(int)(source + size)];
            if (way >= Way.Gather)
            {
                moved = [.. moved.AsSpan(size / 3), 1, 2, 3, .. moved.AsSpan(0, size / 3)]; // Each third goes where the other one is.
                destination = Math.Min(destination, Length - moved.Length);
            }

            moved.CopyTo(model, destination);

            await Transfer(way, file, other, region, source, destination, size);

            byte[] now = new byte[Length];
            first.CopyTo(0, now);
            int wrong = now.AsSpan().CommonPrefixLength(model);
            Assert.True(wrong == Length, $"seed {seed}, step {step}: {way} of {size} bytes from {source} to {destination} at {wrong}");
        }
    }

    private static async Task Transfer(
        Way way, DirectFile file, DirectFile other, MappedRegion region, long source, long destination, int size)
    {
        if (way is Way.Read or Way.ReadByOther)
        {
            using RegionScope target = region.OpenScope(destination - region.FileOffset, size);
            Assert.Equal(size, (way == Way.Read ? file : other).Read(target.Span, source));
            target.Complete();
            return;
        }

        using RegionMemory memory = region.GetMemory(source - region.FileOffset, size);
        ReadOnlyMemory<byte> data = memory.ReadOnlyMemory;
        ReadOnlyMemory<byte>[] parts = [data[(size / 3)..], new byte[] { 1, 2, 3 }, data[..(size / 3)]];
        switch (way)
        {
            case Way.Write:
                file.Write(data.Span, destination);
                break;
            case Way.WriteAsync:
                await file.WriteAsync(data, destination);
                break;
            case Way.Gather:
                file.Write(parts, destination);
                break;
            default:
                await file.WriteAsync(parts, destination);
                break;
        }
    }
}
