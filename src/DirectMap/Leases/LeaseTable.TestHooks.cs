namespace DirectMap.Leases;

/// <content>For tests only: what a table counts.</content>
internal sealed partial class LeaseTable
{
    internal int ExclusiveLeases
    {
        get
        {
            using (EnterGate())
            {
                return _exclusive;
            }
        }
    }

    internal bool IsInUse
    {
        get
        {
            using (EnterGate())
            {
                return !IsEmpty;
            }
        }
    }
}
