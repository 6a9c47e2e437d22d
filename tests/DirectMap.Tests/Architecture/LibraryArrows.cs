namespace DirectMap.Tests.Architecture;

/// <summary>The library as it was built, read once for all tests of it.</summary>
public sealed class LibraryArrows : IDisposable
{
    internal BuiltAssembly Library { get; } = BuiltAssembly.Of(typeof(DirectFile).Assembly);

    internal BuiltAssembly Contracts { get; } = BuiltAssembly.Of(typeof(FileRange).Assembly);

    /// <summary>Uses of one room by another one.</summary>
    internal IReadOnlyList<(string From, string To, Arrow Arrow)> Between { get; }

    /// <summary>Reads both assemblies.</summary>
    public LibraryArrows()
    {
        Between =
        [
            .. Arrows.Of(Library)
                .Select(arrow => (From: RoomTable.Of(arrow.From) ?? "(root)", To: RoomTable.Of(arrow.To) ?? "(root)", arrow))
                .Where(use => use.From != use.To),
        ];
    }

    public void Dispose()
    {
        Library.Dispose();
        Contracts.Dispose();
    }
}
