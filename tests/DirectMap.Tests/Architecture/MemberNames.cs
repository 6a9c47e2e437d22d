using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Names for the methods and fields of an assembly and for those that it uses, the same ones for a member in all assemblies:
/// "DirectMap.Leases.Deadlines.get_Count()". Of a generic type it is the definition.
/// </summary>
internal sealed class MemberNames(MetadataReader metadata) : ISignatureTypeProvider<string, object?>
{
    private readonly Dictionary<EntityHandle, string?> _known = [];

    /// <summary>Null for what is no method or field.</summary>
    internal string? Of(EntityHandle member)
    {
        if (!_known.TryGetValue(member, out string? name))
        {
            name = Find(member);
            _known.Add(member, name);
        }

        return name;
    }

    private string? Find(EntityHandle member)
    {
        switch (member.Kind)
        {
            case HandleKind.MethodDefinition:
                MethodDefinition method = metadata.GetMethodDefinition((MethodDefinitionHandle)member);
                return Name(method.GetDeclaringType(), method.Name) + Parameters(method.DecodeSignature(this, null));
            case HandleKind.FieldDefinition:
                FieldDefinition field = metadata.GetFieldDefinition((FieldDefinitionHandle)member);
                return Name(field.GetDeclaringType(), field.Name);
            case HandleKind.MemberReference:
                MemberReference reference = metadata.GetMemberReference((MemberReferenceHandle)member);
                bool isMethod = reference.GetKind() == MemberReferenceKind.Method;
                return Name(reference.Parent, reference.Name) + (isMethod ? Parameters(reference.DecodeMethodSignature(this, null)) : "");
            case HandleKind.MethodSpecification:
                return Of(metadata.GetMethodSpecification((MethodSpecificationHandle)member).Method);
            default:
                return null;
        }
    }

    private string Name(EntityHandle type, StringHandle member) => $"{OfType(type)}.{metadata.GetString(member)}";

    private string OfType(EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeDefinition => GetTypeFromDefinition(metadata, (TypeDefinitionHandle)type, 0),
        HandleKind.TypeReference => GetTypeFromReference(metadata, (TypeReferenceHandle)type, 0),
        HandleKind.TypeSpecification => GetTypeFromSpecification(metadata, null, (TypeSpecificationHandle)type, 0).Split('[')[0],
        _ => type.Kind.ToString(),
    };

    private static string Parameters(MethodSignature<string> signature)
    {
        string arity = signature.GenericParameterCount == 0 ? "" : "``" + signature.GenericParameterCount;
        return $"{arity}({string.Join(',', signature.ParameterTypes)})";
    }

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        TypeDefinition type = reader.GetTypeDefinition(handle);
        string name = reader.GetString(type.Name);
        return type.IsNested
            ? $"{GetTypeFromDefinition(reader, type.GetDeclaringType(), 0)}+{name}"
            : Qualified(reader.GetString(type.Namespace), name);
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}+{name}"
            : Qualified(reader.GetString(type.Namespace), name);
    }

    public string GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, context);

    public string GetGenericInstantiation(string generic, ImmutableArray<string> arguments) => $"{generic}[{string.Join(',', arguments)}]";

    public string GetFunctionPointerType(MethodSignature<string> signature) => $"method {signature.ReturnType}{Parameters(signature)}";

    public string GetModifiedType(string modifier, string unmodified, bool isRequired) => unmodified;

    public string GetArrayType(string element, ArrayShape shape) => $"{element}[{new string(',', shape.Rank - 1)}]";

    public string GetByReferenceType(string element) => element + "&";

    public string GetPinnedType(string element) => element;

    public string GetPointerType(string element) => element + "*";

    public string GetSZArrayType(string element) => element + "[]";

    public string GetPrimitiveType(PrimitiveTypeCode code) => code.ToString();

    public string GetGenericMethodParameter(object? context, int index) => $"!!{index}";

    public string GetGenericTypeParameter(object? context, int index) => $"!{index}";

    private static string Qualified(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";
}
