using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace DirectMap;

/// <summary>Whether a file could be mapped at the moment at which <see cref="DirectFile.Probe"/> asked, and why not.</summary>
/// <remarks>
/// It reserves nothing: a later <see cref="DirectFile.Map"/> can still be refused. It is immutable, and safe for any thread.
/// </remarks>
public sealed class MapProbe
{
    private readonly ExceptionDispatchInfo? _refusal;

    internal MapProbe(Exception? refusal) =>
        _refusal = refusal is null ? null : ExceptionDispatchInfo.Capture(refusal);

    /// <summary>Whether <see cref="DirectFile.Map"/> would have made a region.</summary>
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsMappable => _refusal is null;

    /// <summary>
    /// What <see cref="DirectFile.Map"/> would have thrown: a <see cref="MapRefusedException"/>, an
    /// <see cref="UnauthorizedAccessException"/> or an <see cref="IOException"/>, which <see cref="LeaseConflictException"/> is, too.
    /// </summary>
    /// <remarks>It is null where the file could be mapped.</remarks>
    public Exception? Refusal => _refusal?.SourceException;

    /// <summary>
    /// Why the file or one of its extents is refused; <see cref="RefusalReason.None"/> where the file could be mapped, and where
    /// <see cref="Refusal"/> is no <see cref="MapRefusedException"/>.
    /// </summary>
    public RefusalReason Reason => Refusal is MapRefusedException refused ? refused.Reason : RefusalReason.None;

    /// <summary>Throws <see cref="Refusal"/>, where there is one.</summary>
    /// <exception cref="MapRefusedException">The file or one of its extents is refused.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller may not map the file so.</exception>
    /// <exception cref="LeaseConflictException">A lease, or a break of one, was in the way.</exception>
    /// <exception cref="IOException">The file system or the kernel cannot map the file.</exception>
    public void ThrowIfRefused() => _refusal?.Throw();

    /// <summary>Returns "mappable", or the refusal's type and message, for messages.</summary>
    public override string ToString() => Refusal is { } refusal ? $"{refusal.GetType().Name}: {refusal.Message}" : "mappable";
}
