using System.Runtime.InteropServices;

namespace DirectMap.Leases;

/// <summary>
/// How many leases of a kind each owner has; owners are compared by reference, whatever they think of equality. Mostly there is one owner
/// at a time, so one is counted in place: it is never in the dictionary at the same time.
/// </summary>
internal struct OwnerCounts
{
    private object? _sole;
    private int _count;
    private Dictionary<object, int>? _others;

    internal void Add(object owner)
    {
        if (ReferenceEquals(_sole, owner))
        {
            _count++;
        }
        else if (_sole is null && !IsAmongOthers(owner))
        {
            _sole = owner;
            _count = 1;
        }
        else
        {
            _others ??= new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
            CollectionsMarshal.GetValueRefOrAddDefault(_others, owner, out _)++;
        }
    }

    internal void Remove(object owner)
    {
        if (ReferenceEquals(_sole, owner))
        {
            if (--_count == 0)
            {
                _sole = null;
            }
        }
        else if (--CollectionsMarshal.GetValueRefOrNullRef(_others!, owner) == 0)
        {
            _others!.Remove(owner);
        }
    }

    internal readonly bool Contains(object owner) => ReferenceEquals(_sole, owner) || IsAmongOthers(owner);

    private readonly bool IsAmongOthers(object owner) => _others is { Count: > 0 } && _others.ContainsKey(owner);
}
