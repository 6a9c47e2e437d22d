using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace DirectMap.Threading;

/// <summary>
/// What copies of this library in one process tell each other: they may be in several load contexts, and of several versions. It is made of
/// the framework's types only, so it keeps no load context alive. Slot, type and keys are an interface between versions: what changes its
/// meaning gets another name.
/// </summary>
internal static class ProcessMarks
{
    private const string Slot = "DirectMap.ProcessMarks";

    private static readonly StrongBox<ImmutableDictionary<string, string>> s_marks = Find();

    /// <summary>Sets a mark, unless somebody in the process has set it.</summary>
    /// <returns>What the mark says; null where it was not there, and is now.</returns>
    internal static string? TryAdd(string key, string says)
    {
        while (!ImmutableInterlocked.TryAdd(ref s_marks.Value!, key, says))
        {
            if (Find(key) is { } there)
            {
                return there;
            }
        }

        return null;
    }

    /// <summary>Takes away a mark that the caller has set.</summary>
    internal static void Remove(string key) => ImmutableInterlocked.TryRemove(ref s_marks.Value!, key, out _);

    /// <summary>What a mark says; null where there is none.</summary>
    internal static string? Find(string key) => Volatile.Read(ref s_marks.Value!).GetValueOrDefault(key);

    private static StrongBox<ImmutableDictionary<string, string>> Find()
    {
        StrongBox<ImmutableDictionary<string, string>>?[] found = [null];
        Uninterrupted.Run(found, static found =>
        {
            // An interned string is one object in the process, whoever asks for it.
            using (Uninterrupted.Enter(string.Intern(Slot)))
            {
                found[0] = AppContext.GetData(Slot) as StrongBox<ImmutableDictionary<string, string>>;
                if (found[0] is null)
                {
                    found[0] = new(ImmutableDictionary.Create<string, string>(StringComparer.Ordinal));
                    AppContext.SetData(Slot, found[0]);
                }
            }
        });
        return found[0]!;
    }
}
