namespace DirectMap.DaxTests.Running;

/// <summary>A case cannot be run here, for the reason that is the message.</summary>
internal sealed class CaseSkippedException(string reason) : Exception(reason);
