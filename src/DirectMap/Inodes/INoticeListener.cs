namespace DirectMap.Inodes;

/// <summary>The library's own part of what hears of an inode: it comes before the user's handlers, and waits for none of them.</summary>
internal interface INoticeListener
{
    /// <summary>Called under locks: it takes no lock that others call from, and calls nobody.</summary>
    NoticeWay WayOf(in OutsideNotice notice);

    /// <summary>Acts on a notice, with no lock held, on a thread of the library's own.</summary>
    void Hear(OutsideNotice notice);
}

/// <summary>Where a notice goes.</summary>
internal enum NoticeWay
{
    /// <summary>To the user's handlers.</summary>
    Handlers,

    /// <summary>To the listener, and then to the user's handlers.</summary>
    ListenerFirst,

    /// <summary>Nowhere: the listener has kept it.</summary>
    Kept,
}
