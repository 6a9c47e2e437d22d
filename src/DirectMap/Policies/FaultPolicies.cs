using DirectMap.Policies;

namespace DirectMap;

/// <summary>The fault policies that come with the library, and ways to compose them with a user's own.</summary>
/// <remarks>They are immutable, and safe for any thread.</remarks>
public static class FaultPolicies
{
    /// <summary>MAP_DIRECT's own: blocks stay where they are, and no access makes the file system allocate, convert or copy.</summary>
    /// <remarks>
    /// The file must be DAX capable unless the caller accepts emulated persistent memory (<see cref="MapMode.DirectOrEmulated"/>) or asks
    /// for none (<see cref="MapMode.Ordinary"/>). Its file system must leave blocks where they are. Shared extents and bad blocks are
    /// refused. For writing, holes (on tmpfs for reading, too) and unwritten, delayed, inline or encoded extents are refused.
    /// </remarks>
    public static IFaultPolicy Strict { get; } = new StrictFaultPolicy(wantsDax: true);

    /// <summary>As <see cref="Strict"/>, but the file need not be on persistent memory: only the block map has to stay as it is.</summary>
    public static IFaultPolicy FrozenLayout { get; } = new StrictFaultPolicy(wantsDax: false);

    /// <summary>Refuses nothing.</summary>
    /// <remarks>
    /// A store to a hole, or to shared or unwritten blocks, makes the file system allocate, and where that fails (the disk is full) the
    /// page is lost (SIGBUS): an exception, or the end of the process; see <see cref="RegionFacts.Containment"/>.
    /// </remarks>
    public static IFaultPolicy Permissive { get; } = new PermissiveFaultPolicy();

    /// <summary>Refuses what any of the policies refuses; the first one that does gives the reason.</summary>
    /// <param name="policies">At least one, for example <see cref="Strict"/> and one of your own.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="ArgumentNullException">The array, or one of its elements, is null.</exception>
    public static IFaultPolicy All(params IFaultPolicy[] policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        if (policies.Length == 0)
        {
            throw new ArgumentException("At least one policy.", nameof(policies));
        }

        foreach (IFaultPolicy policy in policies)
        {
            ArgumentNullException.ThrowIfNull(policy, nameof(policies));
        }

        return new AllOfFaultPolicies([.. policies]);
    }

    /// <summary>
    /// Refuses what a policy refuses, except for some reasons: <c>Except(Strict, RefusalReason.UnwrittenExtent)</c> lets the file system
    /// convert blocks when they are first written.
    /// </summary>
    /// <remarks>Where a file or an extent has several flaws, the policy is asked again about the others.</remarks>
    /// <param name="policy">The policy.</param>
    /// <param name="reasons">What is allowed all the same; at least one.</param>
    /// <returns>The policy.</returns>
    /// <exception cref="ArgumentException">There is no reason, or one is <see cref="RefusalReason.None"/>.</exception>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IFaultPolicy Except(IFaultPolicy policy, params RefusalReason[] reasons)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(reasons);
        if (reasons.Length == 0 || reasons.Contains(RefusalReason.None))
        {
            throw new ArgumentException("At least one reason, and none of them None.", nameof(reasons));
        }

        return policy is AllOfFaultPolicies all ? all.Except(reasons) : new ExceptingFaultPolicy(policy, [.. reasons]);
    }
}
