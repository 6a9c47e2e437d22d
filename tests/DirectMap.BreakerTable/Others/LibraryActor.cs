using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>The holder itself, through the library.</summary>
internal sealed class LibraryActor(Action<DirectFile, MappedRegion> perform) : IActor
{
    public string? Prepare(Subject subject) => null;

    public Deed Perform(Holder holder) => Deed.Of(() => perform(holder.File, holder.Region));

    public void Dispose()
    {
    }
}
