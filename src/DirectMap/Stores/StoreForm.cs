namespace DirectMap.Stores;

/// <summary>How a copy, move or fill stores.</summary>
internal enum StoreForm
{
    /// <summary>As <see cref="ILineFlush.Best"/> says.</summary>
    Automatic = 0,

    /// <summary>By ordinary stores.</summary>
    Temporal = 1,

    /// <summary>By non-temporal stores, as far as possible.</summary>
    NonTemporal = 2,
}
