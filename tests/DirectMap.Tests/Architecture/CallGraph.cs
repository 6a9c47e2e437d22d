using System.Reflection.Metadata;
using System.Text.RegularExpressions;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Who calls whom in the library, by the names in its source: "LeaseTable.TryBreak". A closure and a state machine are the method that they
/// are written in, overloads are one, a delegate that is made counts as a call, and so does each method that a call of an interface or of a
/// base class may lead to.
/// </summary>
internal sealed partial class CallGraph
{
    private readonly Dictionary<string, HashSet<string>> _calls = [];
    private readonly Dictionary<string, HashSet<string>> _rooms = [];

    internal CallGraph(BuiltAssembly built)
    {
        MemberNames names = new(built.Metadata);
        Dictionary<string, string> written = [];
        Dictionary<string, List<string>> overriding = [];
        foreach (MethodDefinitionHandle handle in built.Metadata.MethodDefinitions)
        {
            string full = names.Of(handle)!, name = NameOf(built, handle);
            written[full] = name;
            if (!overriding.TryGetValue(Member(full), out List<string>? all))
            {
                overriding[Member(full)] = all = [];
            }

            all.Add(name);
            if (built.FileOf(handle) is { } file && RoomTable.Of(file) is { } room)
            {
                Add(_rooms, name, room);
            }
        }

        foreach (MethodDefinitionHandle handle in built.Metadata.MethodDefinitions)
        {
            MethodDefinition method = built.Metadata.GetMethodDefinition(handle);
            if (built.BodyOf(method) is not { } body)
            {
                continue;
            }

            foreach ((_, EntityHandle token) in Instructions.CallsOf(body))
            {
                if (names.Of(token) is { } called)
                {
                    Add(called, NameOf(built, handle), written, overriding);
                }
            }
        }
    }

    /// <summary>The rooms that a method's lines lie in; none for one that does not exist.</summary>
    internal IReadOnlyCollection<string> RoomsOf(string method) => _rooms.GetValueOrDefault(method, []);

    /// <summary>How many calls lead from one method to another at least; null where more than a number do.</summary>
    internal int? Distance(string from, string to, int most)
    {
        HashSet<string> seen = [from];
        List<string> here = [from];
        for (int calls = 0; calls <= most; calls++)
        {
            if (here.Contains(to))
            {
                return calls;
            }

            here = [.. here.SelectMany(method => _calls.GetValueOrDefault(method, [])).Where(seen.Add)];
        }

        return null;
    }

    private static void Add(Dictionary<string, HashSet<string>> to, string key, string value)
    {
        if (!to.TryGetValue(key, out HashSet<string>? values))
        {
            to[key] = values = [];
        }

        values.Add(value);
    }

    /// <summary>What may be called where that is what the instruction names.</summary>
    private void Add(string called, string by, Dictionary<string, string> written, Dictionary<string, List<string>> overriding)
    {
        if (written.TryGetValue(called, out string? name))
        {
            Add(_calls, by, name);
        }

        foreach (string other in overriding.GetValueOrDefault(Member(called), []))
        {
            if (Member(called) is not (".ctor()" or "Dispose()" or "ToString()" or "Invoke()"))
            {
                Add(_calls, by, other);
            }
        }
    }

    /// <summary>Without the number of type parameters, and without the interface that is implemented explicitly.</summary>
    private static string NameOf(BuiltAssembly built, MethodDefinitionHandle handle)
    {
        string name = built.NameOf(handle), method = built.Metadata.GetString(built.Metadata.GetMethodDefinition(handle).Name);
        bool isExplicit = method.LastIndexOf('.') > 0 && name.EndsWith(method, StringComparison.Ordinal);
        return Arity().Replace(isExplicit ? name[..^method.Length] + method[(method.LastIndexOf('.') + 1)..] : name, "");
    }

    [GeneratedRegex(@"`\d+")]
    private static partial Regex Arity();

    /// <summary>A name without its type, but with its parameters: "Execute()".</summary>
    private static string Member(string full)
    {
        int parameters = full.IndexOf('(', StringComparison.Ordinal);
        string name = parameters < 0 ? full : full[..parameters];
        return full[(name.LastIndexOf('.') + 1)..];
    }
}
