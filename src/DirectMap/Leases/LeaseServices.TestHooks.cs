namespace DirectMap.Leases;

/// <content>For tests only: where the threads are.</content>
internal sealed partial class LeaseServices
{
    /// <inheritdoc cref="LeaseCoordinator.AtStep"/>
    internal Action<LeaseStep, Task?>? AtStep { get; set; }

    /// <summary>Says where a thread is.</summary>
    internal void At(LeaseStep step, Task? awaited = null) => AtStep?.Invoke(step, awaited);
}
