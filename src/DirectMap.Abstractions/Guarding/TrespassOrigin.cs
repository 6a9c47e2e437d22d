namespace DirectMap;

/// <summary>Who made a change of a file that did not ask first.</summary>
public enum TrespassOrigin
{
    /// <summary>It is not known whether it was this process or another one.</summary>
    Unknown = 0,

    /// <summary>Another process; also a child of this one that shares its descriptor.</summary>
    OtherProcess = 1,

    /// <summary>This process, past the library: through FileStream, File, RandomAccess, MemoryMappedFile and the like.</summary>
    ThisProcess = 2,
}
