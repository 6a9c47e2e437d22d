using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>Who appends to a range of an inode.</summary>
/// <param name="Range">Its bytes.</param>
/// <param name="Holder">Who it is, in words.</param>
internal sealed record Appender(FileRange Range, string Holder);

/// <summary>
/// Those who append to an inode in this process. Invariants, under the gate:
/// <list type="number">
/// <item>No two append to the same byte.</item>
/// <item>Whoever was entered is in the list until it is removed, once.</item>
/// </list>
/// </summary>
internal sealed class Appenders
{
    private readonly UninterruptedLock _gate = new();
    private readonly List<Appender> _all = [];

    /// <summary>Enters one, unless its range touches another one's.</summary>
    /// <returns>The one that is in the way, or null.</returns>
    internal Appender? TryAdd(Appender appender)
    {
        using (_gate.Enter())
        {
            Appender? other = _all.Find(one => one.Range.Overlaps(appender.Range));
            if (other is null)
            {
                _all.Add(appender);
                Debug.Assert(
                    _all.TrueForAll(one => _all.TrueForAll(two => one == two || !one.Range.Overlaps(two.Range))),
                    "1: two append to the same byte");
            }

            return other;
        }
    }

    /// <summary>Whether somebody appends to some of the bytes.</summary>
    internal bool Touch(FileRange range)
    {
        using (_gate.Enter())
        {
            return _all.Exists(one => one.Range.Overlaps(range));
        }
    }

    internal void Remove(Appender appender)
    {
        using (_gate.Enter())
        {
            int removed = _all.RemoveAll(one => ReferenceEquals(one, appender));
            Debug.Assert(removed == 1, "2: one is removed that was not entered");
        }
    }
}
