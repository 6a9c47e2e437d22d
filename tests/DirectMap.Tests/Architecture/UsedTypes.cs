using System.Collections.Immutable;
using System.Reflection.Metadata;
using Names = System.Collections.Immutable.ImmutableHashSet<string>;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Which types each type of an assembly uses, by name: the assembly's own and those of DirectMap.Abstractions. It sees signatures, locals,
/// bases, handlers and IL; a nested type, a closure and a state machine count as the type that they are written in.
/// </summary>
internal sealed class UsedTypes : ISignatureTypeProvider<Names, object?>
{
    private readonly BuiltAssembly _assembly;
    private readonly MetadataReader _metadata;

    private UsedTypes(BuiltAssembly assembly) => (_assembly, _metadata) = (assembly, assembly.Metadata);

    internal static IEnumerable<(string Type, Names Uses)> Of(BuiltAssembly assembly)
    {
        UsedTypes reader = new(assembly);
        return from handle in assembly.Metadata.TypeDefinitions
               where assembly.FileOf(handle) is not null
               group handle by reader.Outermost(handle) into parts
               let used = parts.Aggregate(Names.Empty, (names, part) => names.Union(reader.UsesOf(part)))
               select (parts.Key, used.Remove(parts.Key));
    }

    public Names GetArrayType(Names elementType, ArrayShape shape) => elementType;

    public Names GetByReferenceType(Names elementType) => elementType;

    public Names GetFunctionPointerType(MethodSignature<Names> signature) => Union(signature);

    public Names GetGenericInstantiation(Names genericType, ImmutableArray<Names> typeArguments) =>
        typeArguments.Aggregate(genericType, (names, argument) => names.Union(argument));

    public Names GetGenericMethodParameter(object? genericContext, int index) => [];

    public Names GetGenericTypeParameter(object? genericContext, int index) => [];

    public Names GetModifiedType(Names modifier, Names unmodifiedType, bool isRequired) => unmodifiedType;

    public Names GetPinnedType(Names elementType) => elementType;

    public Names GetPointerType(Names elementType) => elementType;

    public Names GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    public Names GetSZArrayType(Names elementType) => elementType;

    public Names GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
        _assembly.FileOf(handle) is null ? [] : [Outermost(handle)];

    public Names GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        TypeReference type = _metadata.GetTypeReference(handle);
        return type.ResolutionScope.Kind switch
        {
            HandleKind.TypeReference => GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, rawTypeKind),
            HandleKind.AssemblyReference when IsContracts((AssemblyReferenceHandle)type.ResolutionScope) =>
                [_metadata.GetString(type.Name)],
            _ => [],
        };
    }

    public Names GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        _metadata.GetTypeSpecification(handle).DecodeSignature(this, null);

    private bool IsContracts(AssemblyReferenceHandle handle) =>
        _metadata.GetString(_metadata.GetAssemblyReference(handle).Name) == "DirectMap.Abstractions";

    private string Outermost(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        return type.IsNested ? Outermost(type.GetDeclaringType()) : _metadata.GetString(type.Name);
    }

    private Names UsesOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        Names used = Named(type.BaseType);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            used = used.Union(Named(_metadata.GetInterfaceImplementation(implementation).Interface));
        }

        foreach (FieldDefinitionHandle field in type.GetFields())
        {
            used = used.Union(_metadata.GetFieldDefinition(field).DecodeSignature(this, null));
        }

        return type.GetMethods().Aggregate(used, (names, method) => names.Union(UsesOf(_metadata.GetMethodDefinition(method))));
    }

    private Names UsesOf(MethodDefinition method)
    {
        Names used = Union(method.DecodeSignature(this, null));
        if (_assembly.BodyOf(method) is not { } body)
        {
            return used;
        }

        if (!body.LocalSignature.IsNil)
        {
            used = _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(this, null)
                .Aggregate(used, (names, local) => names.Union(local));
        }

        used = body.ExceptionRegions.Aggregate(used, (names, region) => names.Union(Named(region.CatchType)));
        return Instructions.Of(body).Aggregate(used, (names, instruction) => names.Union(Named(instruction.Token)));
    }

    private Names Named(EntityHandle token)
    {
        if (token.IsNil)
        {
            return [];
        }

        switch (token.Kind)
        {
            case HandleKind.TypeDefinition:
                return GetTypeFromDefinition(_metadata, (TypeDefinitionHandle)token, 0);
            case HandleKind.TypeReference:
                return GetTypeFromReference(_metadata, (TypeReferenceHandle)token, 0);
            case HandleKind.TypeSpecification:
                return GetTypeFromSpecification(_metadata, null, (TypeSpecificationHandle)token, 0);
            case HandleKind.MethodDefinition:
                return Named(_metadata.GetMethodDefinition((MethodDefinitionHandle)token).GetDeclaringType());
            case HandleKind.FieldDefinition:
                return Named(_metadata.GetFieldDefinition((FieldDefinitionHandle)token).GetDeclaringType());
            case HandleKind.MemberReference:
                return Named(_metadata.GetMemberReference((MemberReferenceHandle)token).Parent);
            case HandleKind.MethodSpecification:
                MethodSpecification specification = _metadata.GetMethodSpecification((MethodSpecificationHandle)token);
                return specification.DecodeSignature(this, null)
                    .Aggregate(Named(specification.Method), (names, argument) => names.Union(argument));
            default:
                return [];
        }
    }

    private static Names Union(MethodSignature<Names> signature) =>
        signature.ParameterTypes.Aggregate(signature.ReturnType, (names, parameter) => names.Union(parameter));
}
