using DirectMap.Inodes;

namespace DirectMap.Regions;

/// <content>What the file is protected from, and those who want to hear of changes.</content>
internal sealed partial class RegionCore
{
    private ProtectionNotifier? _protectionTeller; // made under the gate, for the first handler

    /// <summary>What the file is protected from now.</summary>
    internal Stated<ProtectionLevel> Protection => _inode.Inode.ProtectionOf(Facts);

    /// <summary>Has changes told from now on, where there may be any.</summary>
    internal void AddProtectionHandler(object region, EventHandler<Stated<ProtectionLevel>>? handler)
    {
        if (!Facts.IsDirect || Facts.IsWaived)
        {
            return;
        }

        using (_gate.Enter())
        {
            if (_protectionTeller is null && !_letGo)
            {
                _protectionTeller = new ProtectionNotifier(_inode.Inode, _coordinator.ReportCallbackFailure);
            }

            _protectionTeller?.Add(region, handler);
        }
    }

    internal void RemoveProtectionHandler(EventHandler<Stated<ProtectionLevel>>? handler) =>
        Volatile.Read(ref _protectionTeller)?.Remove(handler);

    private void EndProtectionChanges()
    {
        ProtectionNotifier? teller;
        using (_gate.Enter())
        {
            teller = _protectionTeller; // None is made any more: it is let go.
        }

        teller?.Close();
    }
}
