namespace DirectMap.BreakerTable.Holding;

/// <summary>On what terms a file is held.</summary>
/// <param name="Factory">Its coordinator has the break time.</param>
/// <param name="Guard">The level, and what becomes of a trespass.</param>
/// <param name="Mode">Of the lease.</param>
internal sealed record Terms(DirectFileFactory Factory, GuardOptions Guard, LeaseMode Mode = LeaseMode.Shared)
{
    /// <summary>For what it is opened: at NoWriters for reading, since who has it open for writing is a writer, too.</summary>
    internal FileAccess Access => Guard.Level == ProtectionLevel.NoWriters ? FileAccess.Read : FileAccess.ReadWrite;
}
