namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// File systems of their own for tests that fill them: on those that all tests share, others would find no space meanwhile.
/// </summary>
public sealed class FilledFileSystems : IDisposable
{
    internal RealFileSystems All { get; } = new();

    public void Dispose() => All.Dispose();
}
