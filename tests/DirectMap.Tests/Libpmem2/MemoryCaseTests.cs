using DirectMap.Stores;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Stores;

namespace DirectMap.Tests.Libpmem2;

/// <summary>
/// The cases of libpmem2's own tests pmem2_memcpy, pmem2_memmove, pmem2_memset, pmem2_movnt_align and pmem2_mem_ext, by their names, over
/// real regions: its offsets and lengths, and all flags. Its variables' matrix (instruction sets, with and without non-temporal stores) and
/// which stores are made: <see cref="Persistence.StoreTests"/>.
/// </summary>
public sealed class MemoryCaseTests : FileTest
{
    private const int Length = 64 << 10;

    /// <summary>PMEM2_F_MEM_WC and _WB are other names of NonTemporal and Temporal.</summary>
    private static readonly StoreFlags[] s_flags =
        [
            StoreFlags.None,
            StoreFlags.NoDrain,
            StoreFlags.NonTemporal,
            StoreFlags.Temporal,
            StoreFlags.NonTemporal | StoreFlags.NoDrain,
            StoreFlags.Temporal | StoreFlags.NoDrain,
            StoreFlags.NoFlush,
            StoreFlags.Temporal | StoreFlags.NoFlush
        ];

    public static TheoryData<PersistGranularity, int, int, int> Offsets
    {
        get
        {
            TheoryData<PersistGranularity, int, int, int> data = [];
            foreach (PersistGranularity granularity in Enum.GetValues<PersistGranularity>())
            {
                foreach ((int to, int from) in new[] { (0, 0), (7, 0), (0, 9), (7, 9) })
                {
                    foreach (int length in new[] { 4096, 128, 1024 }) // memcpy's; mem_ext's, on either side of a threshold of 256
                    {
                        data.Add(granularity, to, from, length);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Offsets))]
    public void Memcpy_at_offsets_with_all_flags_of_mem_ext(PersistGranularity granularity, int to, int from, int length)
    {
        byte[] source = new byte[length + from];
        new Random(length).NextBytes(source);
        Check(
            granularity,
            (region, flags) => region.PersistCopy(to, source.AsSpan(from), flags),
            content => source.AsSpan(from).CopyTo(content.AsSpan(to)));
    }

    [Theory]
    [MemberData(nameof(Offsets))]
    public void Memset_at_offsets_with_all_flags_of_mem_ext(PersistGranularity granularity, int to, int from, int length) =>
        Check(
            granularity,
            (region, flags) => region.PersistFill(to + from, length, 0x5a, flags),
            content => content.AsSpan(to + from, length).Fill(0x5a));

    [Theory]
    [MemberData(nameof(Offsets))]
    public void Memmove_overlapping_in_both_directions_with_all_flags_of_mem_ext(
        PersistGranularity granularity, int to, int from, int length)
    {
        foreach ((int destination, int source) in new[] { (to, from + 64), (to + 64, from), (to + 512, from + length), (to, from) })
        {
            Check(
                granularity,
                (region, flags) => region.PersistMove(destination, source, length, flags),
                content => content.AsSpan(source, length).ToArray().CopyTo(content.AsSpan(destination)));
        }
    }

    [Theory]
    [InlineData('C')]
    [InlineData('F')]
    [InlineData('B')]
    [InlineData('S')]
    public void Movnt_align_copies_forwards_backwards_and_sets_at_every_alignment(char operation)
    {
        Requires.Native();
        using DirectFile file = Create(Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        byte[] model = Fill(region);
        for (int at = 0; at < 64; at++)
        {
            const int Size = 4096;
            switch (operation)
            {
                case 'C':
                    region.PersistCopy(8192 + at, model.AsSpan(at, Size), StoreFlags.NonTemporal);
                    model.AsSpan(at, Size).ToArray().CopyTo(model.AsSpan(8192 + at));
                    break;
                case 'F':
                    region.PersistMove(at, at + 100, Size, StoreFlags.NonTemporal);
                    model.AsSpan(at + 100, Size).ToArray().CopyTo(model.AsSpan(at));
                    break;
                case 'B':
                    region.PersistMove(at + 100, at, Size, StoreFlags.NonTemporal);
                    model.AsSpan(at, Size).ToArray().CopyTo(model.AsSpan(at + 100));
                    break;
                default:
                    region.PersistFill(at, Size - at, (byte)at, StoreFlags.NonTemporal);
                    model.AsSpan(at, Size - at).Fill((byte)at);
                    break;
            }

            Assert.Equal(model, File.ReadAllBytes(file.Path));
        }
    }

    private static byte[] Fill(MappedRegion region)
    {
        byte[] content = new byte[region.Length];
        new Random(3).NextBytes(content);
        region.CopyFrom(0, content);
        return content;
    }

    private void Check(PersistGranularity granularity, Action<MappedRegion, StoreFlags> store, Action<byte[]> model)
    {
        if (granularity != PersistGranularity.Page)
        {
            Requires.Native();
        }

        using DirectFile file = File.Exists(Folder.File("file.pmem")) ? Open() : Create(Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity });
        foreach (StoreFlags flags in s_flags)
        {
            byte[] expected = Fill(region);
            store(region, flags);
            region.Drain();
            model(expected);
            Assert.Equal(expected, File.ReadAllBytes(file.Path));
        }
    }
}
