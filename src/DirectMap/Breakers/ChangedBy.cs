namespace DirectMap.Breakers;

/// <summary>What a source says of who changed a file.</summary>
internal enum ChangedBy
{
    /// <summary>Nothing.</summary>
    Unknown,

    ThisProcess,

    OtherProcess,
}
