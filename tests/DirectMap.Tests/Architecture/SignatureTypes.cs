using System.Collections.Immutable;
using System.Reflection.Metadata;
using Types = System.Collections.Immutable.ImmutableHashSet<System.Reflection.Metadata.TypeDefinitionHandle>;

namespace DirectMap.Tests.Architecture;

/// <summary>The assembly's own types in a signature.</summary>
internal sealed class SignatureTypes : ISignatureTypeProvider<Types, object?>
{
    private static readonly Types s_none = [];

    public Types GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => [handle];

    public Types GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => s_none;

    public Types GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, context);

    public Types GetGenericInstantiation(Types generic, ImmutableArray<Types> arguments) =>
        arguments.Aggregate(generic, (all, more) => all.Union(more));

    public Types GetFunctionPointerType(MethodSignature<Types> signature) =>
        signature.ParameterTypes.Aggregate(signature.ReturnType, (all, more) => all.Union(more));

    public Types GetModifiedType(Types modifier, Types unmodified, bool isRequired) => unmodified.Union(modifier);

    public Types GetArrayType(Types element, ArrayShape shape) => element;

    public Types GetByReferenceType(Types element) => element;

    public Types GetPinnedType(Types element) => element;

    public Types GetPointerType(Types element) => element;

    public Types GetSZArrayType(Types element) => element;

    public Types GetPrimitiveType(PrimitiveTypeCode code) => s_none;

    public Types GetGenericMethodParameter(object? context, int index) => s_none;

    public Types GetGenericTypeParameter(object? context, int index) => s_none;
}
