namespace DirectMap;

/// <summary>Decides which accesses a direct mapping may make without the file system having to allocate, convert or copy blocks.</summary>
/// <remarks>Implementations are pure functions of their arguments, so they are safe for any thread.</remarks>
public interface IFaultPolicy
{
    /// <summary>Judges the file as a whole, and what is to be done with it, before anything is mapped.</summary>
    /// <param name="file">What is known of the file and its file system.</param>
    /// <returns>Whether the file may be mapped so; why not.</returns>
    PolicyDecision EvaluateFile(in FileFacts file);

    /// <summary>
    /// Judges one extent: of the mapped range, after mapping, under the lease; or of what is accessed, before the access.
    /// </summary>
    /// <param name="file">What is known of the file and its file system.</param>
    /// <param name="extent">The extent.</param>
    /// <param name="access">What the mapping may do with it.</param>
    /// <returns>Whether it may; why not.</returns>
    PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access);
}
