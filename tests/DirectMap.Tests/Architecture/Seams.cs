using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// What a user may replace, and where the library looks behind it: a cast from a seam to what the library itself puts there. A user's own
/// object, or one that wraps the library's, is not one.
/// </summary>
internal static class Seams
{
    private static readonly string[] s_seams =
        [nameof(ILeaseCoordinator), nameof(IFaultPolicy), nameof(IBlockMap), nameof(ILayoutLease), nameof(ILayoutBreak)];

    /// <summary>The method that casts, and what it casts to: "RegionFactory.Map: LeaseCoordinator".</summary>
    internal static SortedSet<string> Downcasts(BuiltAssembly assembly)
    {
        MetadataReader metadata = assembly.Metadata;
        HashSet<EntityHandle> behind = Behind(metadata);
        SortedSet<string> found = new(StringComparer.Ordinal);
        foreach (MethodDefinitionHandle handle in metadata.MethodDefinitions)
        {
            if (assembly.BodyOf(metadata.GetMethodDefinition(handle)) is not { } body)
            {
                continue;
            }

            foreach ((OpCode code, EntityHandle token) in Instructions.Of(body))
            {
                bool isCast = code == OpCodes.Isinst || code == OpCodes.Castclass || code == OpCodes.Unbox_Any;
                if (isCast && behind.Contains(token))
                {
                    found.Add($"{assembly.NameOf(handle)}: {assembly.NameOf((TypeDefinitionHandle)token)}");
                }
            }
        }

        return found;
    }

    /// <summary>The types that are behind a seam, and the internal interfaces that they have beside it.</summary>
    private static HashSet<EntityHandle> Behind(MetadataReader metadata)
    {
        HashSet<EntityHandle> behind = [];
        foreach (TypeDefinitionHandle handle in metadata.TypeDefinitions)
        {
            EntityHandle[] interfaces =
            [
                .. metadata.GetTypeDefinition(handle).GetInterfaceImplementations()
                    .Select(at => metadata.GetInterfaceImplementation(at).Interface),
            ];
            if (interfaces.Any(at => at.Kind == HandleKind.TypeReference && s_seams.Contains(NameOf(metadata, at))))
            {
                behind.Add(handle);
                behind.UnionWith(interfaces.Where(at => at.Kind == HandleKind.TypeDefinition));
            }
        }

        return behind;
    }

    private static string NameOf(MetadataReader metadata, EntityHandle type) =>
        metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name);
}
