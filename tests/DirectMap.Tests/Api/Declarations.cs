using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DirectMap.FileSystems;

namespace DirectMap.Tests.Api;

/// <summary>Types and members as C# declares them, on one line each.</summary>
internal static class Declarations
{
    /// <summary>What the compiler writes as attributes and C# as something else; everything else is shown.</summary>
    private static readonly HashSet<string> s_hidden =
    [
        "AsyncStateMachineAttribute", "CompilerFeatureRequiredAttribute", "CompilerGeneratedAttribute", "DebuggerDisplayAttribute",
        "DebuggerStepThroughAttribute", "DefaultMemberAttribute",
        "ExtensionAttribute", "InAttribute", "IsByRefLikeAttribute", "IsReadOnlyAttribute", "IsUnmanagedAttribute",
        "IteratorStateMachineAttribute", "NullableAttribute", "NullableContextAttribute",
        "OptionalAttribute", "OutAttribute", "ParamArrayAttribute", "ParamCollectionAttribute", "RequiredMemberAttribute",
        "RequiresLocationAttribute", "ScopedRefAttribute",
    ];

    internal static string Of(Type type)
    {
        if (type.IsSubclassOf(typeof(Delegate)))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            return $"{Attributes(type)}public delegate {ReturnType(invoke)} {TypeNames.Of(type)}({Parameters(invoke)});";
        }

        string bases = string.Join(", ", Bases(type));
        return $"{Attributes(type)}public "
            + $"{Modifiers(type)}{TypeNames.Of(type)}{(bases.Length == 0 ? "" : " : " + bases)}{Constraints(type.GetGenericArguments())}";
    }

    internal static string Of(MemberInfo member) => Attributes(member) + (member switch
    {
        FieldInfo { DeclaringType.IsEnum: true } field => $"{field.Name} = {EnumValue(field)}",
        FieldInfo field => $"{Access(field)} "
            + $"{(field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : ""))}"
            + $"{TypeNames.Of(field.FieldType, new NullabilityInfoContext().Create(field))} {field.Name}"
            + $"{(field.IsLiteral ? $" = {Literals.Of(field.GetRawConstantValue(), field.FieldType)}" : "")};",
        ConstructorInfo constructor => $"{Access(constructor)} {constructor.DeclaringType!.Name.Split('`')[0]}({Parameters(constructor)});",
        PropertyInfo property => Of(property),
        EventInfo raised => $"{Prefix(raised.AddMethod!)}event "
            + $"{TypeNames.Of(raised.EventHandlerType!, new NullabilityInfoContext().Create(raised))} {raised.Name};",
        MethodInfo method =>
            $"{Prefix(method)}{ReturnType(method)} {NameOf(method)}({Parameters(method)}){Constraints(method.GetGenericArguments())};",
        _ => throw new NotSupportedException(member.ToString()),
    });

    private static string Of(PropertyInfo property)
    {
        MethodInfo shown = PublicMembers.IsVisible(property.GetMethod) ? property.GetMethod! : property.SetMethod!;
        string name = property.GetIndexParameters() is { Length: > 0 } indices
            ? $"this[{string.Join(", ", indices.Select(Of))}]"
            : property.Name;
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        string reference = property.PropertyType.IsByRef
            ? shown.ReturnParameter.IsDefined(typeof(IsReadOnlyAttribute)) ? "ref readonly " : "ref "
            : "";
        IEnumerable<string> accessors = new[]
        {
            (Method: property.GetMethod, Word: "get"),
            (Method: property.SetMethod, Word: IsInit(property.SetMethod) ? "init" : "set")
        }
            .Where(accessor => PublicMembers.IsVisible(accessor.Method))
            .Select(accessor => accessor.Method!.IsPublic || !shown.IsPublic ? $"{accessor.Word};" : $"protected {accessor.Word};");
        return $"{Prefix(shown)}{required}{reference}{TypeNames.Of(property.PropertyType, new NullabilityInfoContext().Create(property))} "
            + $"{name} {{ {string.Join(' ', accessors)} }}";
    }

    private static bool IsInit(MethodInfo? setter) =>
        setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;

    private static string Modifiers(Type type)
    {
        string record = PublicMembers.IsRecord(type) ? "record " : "";
        if (type.IsEnum || type.IsInterface)
        {
            return type.IsEnum ? "enum " : "interface ";
        }

        if (type.IsValueType)
        {
            return $"{(PublicMembers.IsReadOnly(type) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}{record}struct ";
        }

        return (type.IsAbstract && type.IsSealed ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "")
            + (record.Length > 0 ? record : "class ");
    }

    private static IEnumerable<string> Bases(Type type)
    {
        if (type.IsEnum)
        {
            if (type.GetEnumUnderlyingType() != typeof(int))
            {
                yield return TypeNames.Of(type.GetEnumUnderlyingType());
            }

            yield break;
        }

        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            yield return TypeNames.Of(parent);
        }

        // Only those that no other one brings along.
        Type[] all = type.GetInterfaces();
        IEnumerable<Type> brought = all.SelectMany(one => one.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        foreach (Type one in all.Except(brought).Where(one => one.IsVisible).OrderBy(one => one.FullName, StringComparer.Ordinal))
        {
            bool isImplied = PublicMembers.IsRecord(type) && one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IEquatable<>);
            if (!isImplied)
            {
                yield return TypeNames.Of(one);
            }
        }
    }

    private static string Prefix(MethodInfo method)
    {
        Type type = method.DeclaringType!;
        if (type.IsInterface)
        {
            return method.IsStatic ? method.IsAbstract ? "static abstract " : "static " : method.IsAbstract ? "" : "virtual ";
        }

        bool overrides = method.GetBaseDefinition() != method;
        string kind = method.IsStatic ? "static "
            : method.IsAbstract ? overrides ? "abstract override " : "abstract "
            : overrides ? method.IsFinal && !type.IsSealed ? "sealed override " : "override "
            : method.IsVirtual && !method.IsFinal ? "virtual "
            : "";
        string constant = type.IsValueType && !PublicMembers.IsReadOnly(type) && PublicMembers.IsReadOnly(method) ? "readonly " : "";
        return $"{Access(method)} {kind}{constant}";
    }

    private static string Access(MethodBase method) => method.IsPublic ? "public" : "protected";

    private static string Access(FieldInfo field) => field.IsPublic ? "public" : "protected";

    private static string NameOf(MethodInfo method)
    {
        string name = method.Name.StartsWith("op_", StringComparison.Ordinal) && method.IsSpecialName
            ? $"operator {method.Name[3..]}"
            : method.Name;
        Type[] parameters = method.GetGenericArguments();
        return parameters.Length == 0 ? name : $"{name}<{string.Join(", ", parameters.Select(parameter => parameter.Name))}>";
    }

    private static string ReturnType(MethodInfo method)
    {
        ParameterInfo returned = method.ReturnParameter;
        string reference = method.ReturnType.IsByRef ? returned.IsDefined(typeof(IsReadOnlyAttribute)) ? "ref readonly " : "ref " : "";
        return Attributes(returned, "return: ") + reference
            + TypeNames.Of(method.ReturnType, new NullabilityInfoContext().Create(returned));
    }

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "")
        + string.Join(", ", method.GetParameters().Select(Of));

    private static string Of(ParameterInfo parameter)
    {
        string passed = parameter switch
        {
            { ParameterType.IsByRef: true, IsOut: true } => "out ",
            { ParameterType.IsByRef: true } when parameter.IsDefined(typeof(RequiresLocationAttribute)) => "ref readonly ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) => "params ",
            _ => "",
        };
        string scoped = parameter.IsDefined(typeof(ScopedRefAttribute)) ? "scoped " : "";
        string value = parameter.HasDefaultValue ? $" = {Literals.Of(parameter.RawDefaultValue, parameter.ParameterType)}" : "";
        return $"{Attributes(parameter)}{scoped}{passed}"
            + $"{TypeNames.Of(parameter.ParameterType, new NullabilityInfoContext().Create(parameter))} {parameter.Name}{value}";
    }

    private static string Constraints(Type[] parameters) =>
        string.Concat(parameters.Where(parameter => parameter.IsGenericParameter).Select(parameter =>
        {
            string[] all = [.. Constraints(parameter)];
            return all.Length == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", all)}";
        }));

    private static IEnumerable<string> Constraints(Type parameter)
    {
        GenericParameterAttributes attributes = parameter.GenericParameterAttributes;
        bool isUnmanaged = parameter.IsDefined(typeof(IsUnmanagedAttribute), inherit: false);
        bool isStruct = attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        if (isUnmanaged || isStruct)
        {
            yield return isUnmanaged ? "unmanaged" : "struct";
        }
        else if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            yield return NullableByte(parameter) == 2 ? "class?" : "class";
        }
        else if (NullableByte(parameter) == 1 && parameter.GetGenericParameterConstraints().Length == 0)
        {
            yield return "notnull";
        }

        foreach (Type constraint in parameter.GetGenericParameterConstraints().Where(constraint => constraint != typeof(ValueType)))
        {
            yield return TypeNames.Of(constraint);
        }

        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct)
        {
            yield return "new()";
        }

        if (attributes.HasFlag(GenericParameterAttributes.AllowByRefLike))
        {
            yield return "allows ref struct";
        }
    }

    private static byte NullableByte(Type parameter) =>
        parameter.GetCustomAttributesData().FirstOrDefault(attribute =>
            attribute.AttributeType.Name == "NullableAttribute")?.ConstructorArguments[0].Value is byte value ? value : (byte)0;

    private static string Attributes(MemberInfo member) => Attributes(member.GetCustomAttributesData(), "");

    private static string Attributes(ParameterInfo parameter, string target = "") =>
        Attributes(parameter.GetCustomAttributesData(), target);

    private static string Attributes(IList<CustomAttributeData> attributes, string target)
    {
        // The compiler marks a ref struct, and a constructor of a type with required members, as obsolete for compilers
        // that do not know these.
        bool isForOldCompilers = attributes.Any(attribute => attribute.AttributeType == typeof(CompilerFeatureRequiredAttribute));
        return string.Concat(attributes
            .Where(attribute => !s_hidden.Contains(attribute.AttributeType.Name)
                && !(isForOldCompilers && attribute.AttributeType == typeof(ObsoleteAttribute))
                && attribute.AttributeType != typeof(StructLayoutAttribute))
            .Select(attribute => $"[{target}{Of(attribute)}] ")
            .Order(StringComparer.Ordinal));
    }

    private static string Of(CustomAttributeData attribute)
    {
        string name = attribute.AttributeType.Name[..^"Attribute".Length];
        string[] arguments =
        [
            .. attribute.ConstructorArguments.Select(argument => Literals.Of(argument.Value, argument.ArgumentType)),
            .. attribute.NamedArguments.Select(argument =>
                $"{argument.MemberName} = {Literals.Of(argument.TypedValue.Value, argument.TypedValue.ArgumentType)}"),
        ];
        return arguments.Length == 0 ? name : $"{name}({string.Join(", ", arguments)})";
    }

    private static string EnumValue(FieldInfo field)
    {
        object value = field.GetRawConstantValue()!;
        return field.DeclaringType!.IsDefined(typeof(FlagsAttribute)) ? $"0x{value:X}" : Literals.Of(value, value.GetType());
    }
}
