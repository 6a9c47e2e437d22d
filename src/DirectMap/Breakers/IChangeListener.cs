namespace DirectMap.Breakers;

/// <summary>Who hears of one file. Called with no lock of the witness held, by any thread; it waits for nobody.</summary>
internal interface IChangeListener
{
    /// <summary>The file was changed without asking.</summary>
    void Trespassed(SeenTrespass seen);

    /// <summary>
    /// Operations of the library have ended during which the file was changed, and it is not known by whom: look whether it was changed
    /// otherwise than they do.
    /// </summary>
    void Doubted();

    /// <summary>The file was changed, and nobody holds it who would want to hear of that.</summary>
    void Unheld();

    /// <summary>Changes may have gone unnoticed. What there is to notice them is still there, unless the file is armed no more.</summary>
    void Lost(string reason);
}
