using System.Text.Json.Serialization;

namespace DirectMap.Tool.Rendering;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FileJson))]
[JsonSerializable(typeof(BenchJson))]
[JsonSerializable(typeof(HoldersJson))]
[JsonSerializable(typeof(WatchBeginJson))]
[JsonSerializable(typeof(WatchLevelJson))]
[JsonSerializable(typeof(WatchChangeJson))]
[JsonSerializable(typeof(WatchEndJson))]
internal sealed partial class JsonContext : JsonSerializerContext;
