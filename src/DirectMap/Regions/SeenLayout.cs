namespace DirectMap.Regions;

/// <summary>
/// Where the blocks of a mapped range lay at one moment, as one number: for comparing. Extents that are one behind the other, in the file
/// and on the device, count as one, as a file system may tell them either way.
/// </summary>
/// <param name="Moves">How often the library had moved or shared blocks by then.</param>
/// <param name="Print">The number.</param>
internal sealed record SeenLayout(long Moves, ulong Print)
{
    /// <summary>Makes the number of extents that are told in the file's order.</summary>
    internal struct Builder
    {
        private const ulong Prime = 0x100000001b3;

        // Of these a store of the region's own, or the time at which it is written back, makes something else.
        private const ExtentFlags Passing = ExtentFlags.Hole | ExtentFlags.DelayedAllocation | ExtentFlags.Unknown | ExtentFlags.Encoded
            | ExtentFlags.DataInline | ExtentFlags.DataTail;

        private const ExtentFlags Compared = ExtentFlags.Shared;

        private ulong _print = 0xcbf29ce484222325; // FNV-1a, by words
        private Extent? _last;
        private bool _isPassing;

        private readonly FileRange _looked;

        /// <param name="looked">What is looked at: of an extent that reaches beyond it only the part within counts.</param>
        internal Builder(FileRange looked) => _looked = looked;

        internal void Add(Extent extent)
        {
            _isPassing |= (extent.Flags & Passing) != 0;
            long from = Math.Max(extent.Offset, _looked.Offset);
            long physical = extent.PhysicalOffset < 0 ? -1 : extent.PhysicalOffset + (from - extent.Offset);
            extent = new Extent(from, Math.Min(extent.End, _looked.End) - from, physical, extent.Flags & Compared);
            if (_last is { } last)
            {
                if (last.Offset + last.Length == extent.Offset
                    && last.Flags == extent.Flags
                    && (last.PhysicalOffset < 0 ? extent.PhysicalOffset < 0 : last.PhysicalOffset + last.Length == extent.PhysicalOffset))
                {
                    _last = last with { Length = last.Length + extent.Length };
                    return;
                }

                Mix(last);
            }

            _last = extent;
        }

        /// <returns>Null: what was seen does not stay as it is.</returns>
        internal readonly SeenLayout? Build(long moves)
        {
            if (_isPassing)
            {
                return null;
            }

            Builder all = this;
            if (_last is { } last)
            {
                all.Mix(last);
            }

            return new SeenLayout(moves, all._print);
        }

        private void Mix(in Extent extent)
        {
            ReadOnlySpan<long> words = [extent.Offset, extent.Length, extent.PhysicalOffset, (long)extent.Flags];
            foreach (long word in words)
            {
                _print = (_print ^ (ulong)word) * Prime;
                _print ^= _print >> 29;
            }
        }
    }
}
