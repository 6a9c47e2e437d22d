namespace DirectMap.Benchmarks.Report;

/// <summary>Results that cannot be reported, and why.</summary>
internal sealed class ReportException(string message) : Exception(message);
