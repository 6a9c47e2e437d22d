using System.Text.Json.Serialization;

namespace DirectMap.Tool.Rendering;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FileJson))]
[JsonSerializable(typeof(BenchJson))]
internal sealed partial class JsonContext : JsonSerializerContext;
