namespace DirectMap.Breakers;

/// <summary>
/// On whose behalf a file's changes are held: this process, or one that asks a service. It is called with no lock held, by a thread that
/// everybody waits for: so it waits for nobody, and asks no file system.
/// </summary>
internal interface IHoldingClient
{
    /// <summary>Whether a descriptor of this process is one that the client does its own operations through.</summary>
    bool Owns(int descriptor);

    /// <summary>Somebody waits who touches what is held. It is answered later, by any thread.</summary>
    /// <returns>False: there is nobody to answer it, and it is refused with EAGAIN.</returns>
    bool TryTake(HeldCall call);

    /// <summary>Somebody whom nobody holds up is about to get a mapping that he may store to. He is let go when this returns.</summary>
    void MapsWritable(HeldCall call);

    /// <summary>Changes may have been let go that nobody was asked for, or will be.</summary>
    /// <param name="reason">Why, in words.</param>
    /// <param name="isOver">Whether nothing is held any more.</param>
    void Lost(string reason, bool isOver);
}
