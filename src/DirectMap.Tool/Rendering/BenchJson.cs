namespace DirectMap.Tool.Rendering;

/// <summary>What <c>bench --json</c> writes.</summary>
internal sealed record BenchJson(string Path, long Length, bool Emulated, string Durability, PersistJson[] Persist, CopyJson[] Copy);

/// <summary>How long a persist takes.</summary>
internal sealed record PersistJson(int Bytes, double MedianMicroseconds, double P99Microseconds, int Samples);

/// <summary>How fast bytes are copied.</summary>
internal sealed record CopyJson(string What, double GigabytesPerSecond, long Bytes);
