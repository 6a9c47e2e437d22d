namespace DirectMap.Tool.Terminal;

/// <summary>What was asked for makes no sense for this file.</summary>
internal sealed class UsageException(string message) : Exception(message);
