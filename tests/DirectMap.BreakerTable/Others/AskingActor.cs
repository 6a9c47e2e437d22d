using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>Somebody else of this process, who has opened the file through the library: the holder is asked first at each level.</summary>
internal sealed class AskingActor(Action<DirectFile, Subject> perform) : IActor
{
    private Subject? _subject;

    public string? Prepare(Subject subject)
    {
        _subject = subject;
        return null;
    }

    public Deed Perform(Holder holder)
    {
        using DirectFile file = holder.OpenAnother();
        return Deed.Of(() => perform(file, _subject!));
    }

    public void Dispose()
    {
    }
}
