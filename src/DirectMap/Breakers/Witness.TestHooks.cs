using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <content>For tests only.</content>
internal sealed partial class Witness
{
    /// <summary>While it is held nobody reads.</summary>
    internal UninterruptedLock Gate => _gate;
}
