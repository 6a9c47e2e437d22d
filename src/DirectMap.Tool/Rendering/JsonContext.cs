using System.Text.Json.Serialization;

namespace DirectMap.Tool.Rendering;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FileJson))]
[JsonSerializable(typeof(BenchJson))]
[JsonSerializable(typeof(HoldersJson))]
internal sealed partial class JsonContext : JsonSerializerContext;
