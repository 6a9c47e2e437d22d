using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// What a user may replace, and where the library looks behind it: a cast from a seam to what the library itself puts there. A user's own
/// object, or one that wraps the library's, is not one. What takes the type as an argument (Unsafe.As, OfType), or compares an object's
/// type with it, looks behind a seam as a cast does.
/// </summary>
internal static class Seams
{
    private static readonly string[] s_seams =
        [nameof(ILeaseCoordinator), nameof(IFaultPolicy), nameof(IBlockMap), nameof(ILayoutLease), nameof(ILayoutRight)];

    /// <summary>Of Unsafe and Enumerable.</summary>
    private static readonly string[] s_casts = ["As", "BitCast", "OfType", "Cast"];

    /// <summary>What asks an object for its type. (To ask a service's registration for it is no look at an object.)</summary>
    private static readonly string?[] s_questions = [nameof(GetType), nameof(Type.IsInstanceOfType)];

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

            List<(OpCode Code, EntityHandle Token)> instructions = Instructions.Of(body);
            bool asks = instructions.Any(at => s_questions.Contains(NameOfMember(metadata, at.Token)));
            found.UnionWith(instructions.SelectMany(at => LookedFor(assembly, at.Code, at.Token, asks))
                .Where(type => behind.Contains(type))
                .Select(type => $"{assembly.NameOf(handle)}: {assembly.NameOf(type)}"));
        }

        return found;
    }

    /// <summary>The types that an instruction may look for in an object.</summary>
    private static IEnumerable<TypeDefinitionHandle> LookedFor(BuiltAssembly assembly, OpCode code, EntityHandle token, bool asks)
    {
        MetadataReader metadata = assembly.Metadata;
        return token.Kind switch
        {
            HandleKind.TypeDefinition when IsCast(code) || (asks && code == OpCodes.Ldtoken) => [(TypeDefinitionHandle)token],
            HandleKind.MethodSpecification => LookedFor(assembly, metadata.GetMethodSpecification((MethodSpecificationHandle)token)),
            _ => [],
        };
    }

    /// <summary>
    /// A generic method of the library's own may cast to its argument if it casts at all, or calls another generic one; of the framework's
    /// those do that are known for it.
    /// </summary>
    private static IEnumerable<TypeDefinitionHandle> LookedFor(BuiltAssembly assembly, MethodSpecification method)
    {
        bool mayCast = method.Method.Kind == HandleKind.MethodDefinition
            ? MayCast(assembly, (MethodDefinitionHandle)method.Method)
            : s_casts.Contains(NameOfMember(assembly.Metadata, method.Method));
        return mayCast ? method.DecodeSignature(new SignatureTypes(), null).SelectMany(types => types) : [];
    }

    private static bool IsCast(OpCode code) => code == OpCodes.Isinst || code == OpCodes.Castclass || code == OpCodes.Unbox_Any;

    private static bool MayCast(BuiltAssembly assembly, MethodDefinitionHandle method) =>
        assembly.BodyOf(assembly.Metadata.GetMethodDefinition(method)) is not { } body
        || Instructions.Of(body).Any(at => IsCast(at.Code) || at.Token.Kind == HandleKind.MethodSpecification);

    /// <summary>Of a member of another assembly; null of what is none.</summary>
    private static string? NameOfMember(MetadataReader metadata, EntityHandle token) =>
        token.Kind == HandleKind.MemberReference
            ? metadata.GetString(metadata.GetMemberReference((MemberReferenceHandle)token).Name)
            : null;

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
