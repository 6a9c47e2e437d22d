using System.Reflection.Metadata;
using System.Text;
using Types = System.Collections.Immutable.ImmutableHashSet<System.Reflection.Metadata.TypeDefinitionHandle>;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// Who uses whom in an assembly, by source file. It sees partial files, closures and state machines, signatures, attributes and the types
/// that are their arguments, constraints and IL. It does not see constants and nameof, which leave nothing behind in what was built.
/// </summary>
internal sealed class Arrows
{
    private readonly BuiltAssembly _assembly;
    private readonly MetadataReader _metadata;
    private readonly SignatureTypes _signatures;
    private readonly Dictionary<string, TypeDefinitionHandle> _named = [];
    private readonly HashSet<Arrow> _found = [];

    private Arrows(BuiltAssembly assembly)
    {
        (_assembly, _metadata, _signatures) = (assembly, assembly.Metadata, new SignatureTypes());
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            _named[MetadataName(handle)] = handle;
        }
    }

    /// <summary>Each use of a type of the assembly from another file of it.</summary>
    internal static IReadOnlyCollection<Arrow> Of(BuiltAssembly assembly)
    {
        Arrows arrows = new(assembly);
        foreach (TypeDefinitionHandle handle in assembly.Metadata.TypeDefinitions)
        {
            arrows.ReadType(handle);
        }

        return arrows._found;
    }

    private void ReadType(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        string? home = _assembly.FileOf(handle);
        UseToken(home, type.BaseType);
        foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
        {
            UseToken(home, _metadata.GetInterfaceImplementation(implementation).Interface);
        }

        UseConstraints(home, type.GetGenericParameters());
        UseAttributes(home, type.GetCustomAttributes());
        foreach (EventDefinitionHandle one in type.GetEvents())
        {
            UseAttributes(home, _metadata.GetEventDefinition(one).GetCustomAttributes());
        }

        foreach (FieldDefinitionHandle field in type.GetFields())
        {
            UseAll(home, _metadata.GetFieldDefinition(field).DecodeSignature(_signatures, null));
            UseAttributes(home, _metadata.GetFieldDefinition(field).GetCustomAttributes());
        }

        foreach (PropertyDefinitionHandle property in type.GetProperties())
        {
            UseAttributes(home, _metadata.GetPropertyDefinition(property).GetCustomAttributes());
        }

        foreach (MethodDefinitionHandle method in type.GetMethods())
        {
            ReadMethod(method);
        }
    }

    private void ReadMethod(MethodDefinitionHandle handle)
    {
        MethodDefinition method = _metadata.GetMethodDefinition(handle);
        string? file = _assembly.FileOf(handle);
        MethodSignature<Types> signature = method.DecodeSignature(_signatures, null);
        UseAll(file, signature.ReturnType);
        foreach (Types parameter in signature.ParameterTypes)
        {
            UseAll(file, parameter);
        }

        UseConstraints(file, method.GetGenericParameters());
        UseAttributes(file, method.GetCustomAttributes());
        foreach (ParameterHandle parameter in method.GetParameters())
        {
            UseAttributes(file, _metadata.GetParameter(parameter).GetCustomAttributes());
        }

        if (_assembly.BodyOf(method) is not { } body)
        {
            return;
        }

        if (!body.LocalSignature.IsNil)
        {
            foreach (Types local in _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_signatures, null))
            {
                UseAll(file, local);
            }
        }

        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            UseToken(file, region.CatchType);
        }

        foreach ((_, EntityHandle token) in Instructions.Of(body))
        {
            UseToken(file, token);
        }
    }

    private void UseConstraints(string? file, GenericParameterHandleCollection parameters)
    {
        foreach (GenericParameterHandle parameter in parameters)
        {
            foreach (GenericParameterConstraintHandle constraint in _metadata.GetGenericParameter(parameter).GetConstraints())
            {
                UseToken(file, _metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }
    }

    private void UseAttributes(string? file, CustomAttributeHandleCollection attributes)
    {
        foreach (CustomAttributeHandle attribute in attributes)
        {
            UseToken(file, _metadata.GetCustomAttribute(attribute).Constructor);
            UseAll(file, Named(_metadata.GetBlobBytes(_metadata.GetCustomAttribute(attribute).Value)));
        }
    }

    /// <summary>The types whose names are in an attribute's arguments: each stands behind its length.</summary>
    private IEnumerable<TypeDefinitionHandle> Named(byte[] arguments)
    {
        for (int at = 0; at < arguments.Length; at++)
        {
            int end = at + 1 + arguments[at];
            if (end <= arguments.Length && _named.TryGetValue(Encoding.UTF8.GetString(arguments[(at + 1)..end]), out var type))
            {
                yield return type;
            }
        }
    }

    private string MetadataName(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        string name = _metadata.GetString(type.Name);
        string space = _metadata.GetString(type.Namespace);
        return type.IsNested ? $"{MetadataName(type.GetDeclaringType())}+{name}" : space.Length == 0 ? name : $"{space}.{name}";
    }

    private void UseAll(string? file, IEnumerable<TypeDefinitionHandle> types)
    {
        foreach (TypeDefinitionHandle used in types)
        {
            Add(file, _assembly.FileOf(used), used);
        }
    }

    private void UseToken(string? file, EntityHandle used)
    {
        if (used.IsNil)
        {
            return;
        }

        switch (used.Kind)
        {
            case HandleKind.TypeDefinition:
                Add(file, _assembly.FileOf((TypeDefinitionHandle)used), (TypeDefinitionHandle)used);
                break;
            case HandleKind.TypeSpecification:
                UseAll(file, _metadata.GetTypeSpecification((TypeSpecificationHandle)used).DecodeSignature(_signatures, null));
                break;
            case HandleKind.MethodDefinition:
                MethodDefinitionHandle method = (MethodDefinitionHandle)used;
                Add(file, _assembly.FileOf(method), _metadata.GetMethodDefinition(method).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                TypeDefinitionHandle owner = _metadata.GetFieldDefinition((FieldDefinitionHandle)used).GetDeclaringType();
                Add(file, _assembly.FileOf(owner), owner);
                break;
            case HandleKind.MemberReference:
                UseToken(file, _metadata.GetMemberReference((MemberReferenceHandle)used).Parent);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification specification = _metadata.GetMethodSpecification((MethodSpecificationHandle)used);
                UseToken(file, specification.Method);
                foreach (Types argument in specification.DecodeSignature(_signatures, null))
                {
                    UseAll(file, argument);
                }

                break;
        }
    }

    private void Add(string? from, string? to, TypeDefinitionHandle used)
    {
        if (from is not null && to is not null && from != to)
        {
            _found.Add(new Arrow(from, to, _assembly.NameOf(used)));
        }
    }
}
