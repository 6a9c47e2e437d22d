using DirectMap.BreakerTable.Holding;

namespace DirectMap.BreakerTable.Others;

/// <summary>This process, past the library.</summary>
/// <param name="prepare">What is opened before; returns the operation, which closes it.</param>
internal sealed class OwnActor(Func<Subject, Action> prepare) : IActor
{
    private Action? _operation;

    public string? Prepare(Subject subject)
    {
        _operation = prepare(subject);
        return null;
    }

    public Deed Perform(Holder holder) => Deed.Of(_operation!);

    public void Dispose()
    {
    }
}
