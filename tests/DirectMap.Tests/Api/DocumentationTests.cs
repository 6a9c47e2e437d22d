using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DirectMap.FileSystems;

namespace DirectMap.Tests.Api;

/// <summary>
/// What can be checked mechanically of "documented": each test names every member that lacks something. What the exceptions are worth is
/// checked by <see cref="DocumentedExceptionTests"/>.
/// </summary>
public sealed partial class DocumentationTests
{
    private static readonly XmlDocs s_docs = XmlDocs.Shipped;

    /// <summary>Numbers that are names: the kernel gives them, and none means more than another.</summary>
    private static readonly HashSet<string> s_identifiers =
    [
        "FileId.Device", "FileId.Inode", "FileId..ctor: Device", "FileId..ctor: Inode", "Trespass.ProcessId"
    ];

    /// <summary>Each with the reason.</summary>
    private static readonly HashSet<string> s_doNotThrow =
    [
        "FileRange.Overlaps", // Compares numbers.
        "FileRange.Contains", // Likewise.
        "IFaultPolicy.EvaluateFile", // An answer, not an exception, is how a policy refuses.
        "IFaultPolicy.EvaluateExtent", // Likewise.
        "ILeaseCoordinator.Snapshot", "LeaseCoordinator.Snapshot", // Copies what there is.
        "EmulatedBlockMap.Set", // Any range may have any state.
        "PersistentLogReader.GetEnumerator", // Returns itself.
        "GuardOptions.Preferred", "GuardOptions.Required", // Judged, as all options are, by what they are given to.
        "FaultSignal.Unblock", // A system call that has nothing to refuse.
        "MappedRegion.GetLostRanges", // Copies what there is.
        "RegionMemory.Unpin", // Does nothing.
    ];

    private static IEnumerable<MemberInfo> All => s_docs.Members.Values;

    private static IEnumerable<MethodBase> Methods => All.OfType<MethodBase>();

    [Fact]
    public void Every_type_and_member_has_a_summary() => HasNone(
        from member in All
        where TextOf(member, "summary").Length == 0 && !IsPositional(member) && !IsImplicitConstructor(member)
        select Name(member));

    [Fact]
    public void A_summary_is_a_sentence() => HasNone(
        from member in All
        let summary = TextOf(member, "summary")
        where summary.Length > 0 && !(Sentence().IsMatch(summary) && SentenceEnd().IsMatch(summary))
        select $"{Name(member)}: {summary}");

    [Fact]
    public void Every_parameter_is_documented() => HasNone(
        from member in All
        where !IsPositional(member)
        from parameter in XmlDocs.Parameters(member)
        where TextOf(member, "param", parameter.Name).Length == 0
        select $"{Name(member)}: {parameter.Name}");

    [Fact]
    public void Every_type_parameter_is_documented() => HasNone(
        from method in All.OfType<MethodInfo>()
        from type in method.GetGenericArguments()
        where TextOf(method, "typeparam", type.Name).Length == 0
        select $"{Name(method)}: {type.Name}");

    /// <summary>A summary that says "Returns" or "Whether" says all there is to say.</summary>
    [Fact]
    public void Every_result_is_documented() => HasNone(
        from member in All
        where XmlDocs.Returns(member) && !TextOf(member, "summary").StartsWith("Returns ", StringComparison.Ordinal)
            && !TextOf(member, "summary").StartsWith("Whether ", StringComparison.Ordinal)
        where TextOf(member, "returns").Length == 0
        select Name(member));

    [Fact]
    public void Every_number_has_a_unit() => HasNone(
        from number in Numbers()
        where !s_identifiers.Contains(number.Name) && !Unit().IsMatch(number.Text)
        select $"{number.Name}: {number.Text}");

    [Fact]
    public void Every_number_has_a_range() => HasNone(
        from number in Numbers()
        where !s_identifiers.Contains(number.Name) && !Range().IsMatch(number.Text)
        select $"{number.Name}: {number.Text}");

    /// <summary>
    /// Records, enumerations and read-only structures are immutable, and exceptions are so for all that this library adds to them: safe for
    /// any thread without saying so.
    /// </summary>
    [Fact]
    public void Every_type_that_may_change_says_what_threads_may_do() => HasNone(
        from type in PublicMembers.Types
        where !type.IsEnum && !PublicMembers.IsRecord(type) && !(type.IsValueType && PublicMembers.IsReadOnly(type))
            && !type.IsSubclassOf(typeof(Exception))
        where !s_docs.Of(type).Value.Contains("thread", StringComparison.OrdinalIgnoreCase)
        select Name(type));

    /// <summary>The rule above is only as good as this one.</summary>
    [Fact]
    public void Records_and_exceptions_are_immutable() => HasNone(
        from type in PublicMembers.Types
        where PublicMembers.IsRecord(type) || type.IsSubclassOf(typeof(Exception))
        from member in PublicMembers.Of(type)
        where member is FieldInfo { IsInitOnly: false, IsLiteral: false }
            || (member is PropertyInfo { SetMethod: { } set }
                && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)))
        select Name(member));

    /// <summary>What an async method throws besides is what its synchronous twin throws.</summary>
    [Fact]
    public void An_async_method_documents_the_exceptions_of_its_twin() => HasNone(
        from method in Methods
        where method.Name.EndsWith("Async", StringComparison.Ordinal)
        let parameters = method.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken)).ToArray()
        from twin in Methods
        where twin.DeclaringType == method.DeclaringType && twin.Name == method.Name[..^"Async".Length]
        where twin.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken))
            .Select(parameter => parameter.Name)
            .SequenceEqual(parameters.Select(parameter => parameter.Name))
        from exception in Exceptions(twin).Except(Exceptions(method))
        select $"{Name(method)}: {exception}");

    [Fact]
    public void What_can_be_cancelled_says_what_is_thrown_then() => HasNone(
        from method in Methods
        where method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken))
            && !Exceptions(method).Contains(nameof(OperationCanceledException))
        select Name(method));

    /// <summary>
    /// BreakOptions is where the patience of a breaker comes from, so whoever takes it may meet the end of it, or a lease in the way.
    /// </summary>
    [Fact]
    public void What_waits_for_holders_says_how_that_may_end() => HasNone(
        from method in Methods
        where method.GetParameters().Any(parameter => parameter.ParameterType == typeof(BreakOptions)
            || parameter.ParameterType == typeof(PrepareOptions) || parameter.ParameterType == typeof(BreakRequest))
        from exception in new[] { nameof(TimeoutException), nameof(LeaseConflictException) }.Except(Exceptions(method))
        select $"{Name(method)}: {exception}");

    [Fact]
    public void Every_method_says_what_it_throws_or_is_known_not_to() => HasNone(
        from method in Methods
        where !Exceptions(method).Any() && !DoesNotThrow(method)
        select Name(method));

    [Fact]
    public void Every_reference_leads_somewhere() => HasNone(
        from member in All
        from reference in s_docs.Of(member).DescendantsAndSelf().Attributes("cref")
        let id = reference.Value
        where id.StartsWith("!:", StringComparison.Ordinal)
            || (id[2..].StartsWith("DirectMap.", StringComparison.Ordinal) && !s_docs.Members.ContainsKey(id))
        select $"{Name(member)}: {id}");

    /// <summary>
    /// The kernel's own words, so that who knows them finds his way: each flag and operation names the call, flag or errno it stands for.
    /// </summary>
    [Theory]
    [InlineData(typeof(ExtentFlags), "FIEMAP_EXTENT_|not a kernel flag|Written blocks")]
    [InlineData(typeof(InodeAttributes), "STATX_ATTR_|_FL|None of them")]
    [InlineData(typeof(MapFlags), "MAP_|No flag")]
    [InlineData(typeof(LayoutOperation), @"\(2\)|ioctl|break_layout|written block|A store")]
    [InlineData(typeof(LeaseConflict), @"\(E[A-Z]+\)")]
    [InlineData(typeof(LeaseMode), "F_RDLCK|F_WRLCK")]
    [InlineData(typeof(MappingAccess), "PROT_READ")]
    public void Every_value_names_what_it_stands_for_in_the_kernel(Type type, string pattern) => HasNone(
        from member in PublicMembers.Of(type)
        where !Regex.IsMatch($"{TextOf(member, "summary")} {TextOf(member, "remarks")}", pattern)
        select Name(member));

    private static void HasNone(IEnumerable<string> found)
    {
        string[] all = [.. found.Distinct()];
        Assert.True(all.Length == 0, $"{all.Length}:\n" + string.Join('\n', all));
    }

    /// <summary>
    /// Constructors that only store, presets, texts, and what is about text or equality only. Dispose never throws in this library,
    /// and its tests say so.
    /// </summary>
    private static bool DoesNotThrow(MethodBase method) =>
        method is { Name: nameof(ToString) or "Deconstruct" or nameof(IDisposable.Dispose) or nameof(IAsyncDisposable.DisposeAsync) }
        || (method.IsConstructor
            && (method.GetParameters().Length == 0 || PublicMembers.IsRecord(method.DeclaringType!)
                || method.DeclaringType!.IsSubclassOf(typeof(Exception))))
        || s_doNotThrow.Contains(Name(method));

    private static IEnumerable<string> Exceptions(MethodBase method) =>
        s_docs.Of(method).Elements("exception").Where(element => element.Value.Trim().Length > 0)
            .Select(element => ((string)element.Attribute("cref")!).Split('.')[^1]);

    /// <summary>The constructor and Deconstruct of a positional record are documented by the record's parameters.</summary>
    private static bool IsPositional(MemberInfo member) => member is MethodInfo { Name: "Deconstruct" };

    /// <summary>That of a record which only has properties: nobody has written it.</summary>
    private static bool IsImplicitConstructor(MemberInfo member) =>
        member is ConstructorInfo constructor && constructor.GetParameters().Length == 0 && PublicMembers.IsRecord(member.DeclaringType!);

    /// <summary>Offsets, lengths and sizes: every number that a user passes, and every one that he is shown.</summary>
    private static IEnumerable<(string Name, string Text)> Numbers()
    {
        foreach (MemberInfo member in All)
        {
            if (member is PropertyInfo property && IsNumber(property.PropertyType))
            {
                yield return (Name(member), TextOf(member, "summary") + TextOf(member, "remarks"));
            }

            foreach (ParameterInfo parameter in XmlDocs.Parameters(member)
                .Where(parameter => IsNumber(parameter.ParameterType) && !IsPositional(member)))
            {
                yield return ($"{Name(member)}: {parameter.Name}", TextOf(member, "param", parameter.Name));
            }

            if (XmlDocs.Returns(member) && IsNumber(Unwrapped(((MethodInfo)member).ReturnType)))
            {
                yield return ($"{Name(member)}: returns", TextOf(member, "returns"));
            }
        }
    }

    private static Type Unwrapped(Type type) =>
        type.IsGenericType && type.Name.Contains("Task", StringComparison.Ordinal) ? type.GetGenericArguments()[0] : type;

    private static bool IsNumber(Type type) => (Nullable.GetUnderlyingType(type) ?? type) is var bare
        && (bare == typeof(int) || bare == typeof(long) || bare == typeof(uint) || bare == typeof(ulong) || bare == typeof(nint)
            || bare == typeof(nuint));

    private static string TextOf(MemberInfo member, string element, string? about = null)
    {
        XElement? found = s_docs.Of(member).Elements(element)
            .FirstOrDefault(one => about is null || (string?)one.Attribute("name") == about);
        return found is null ? "" : WhiteSpace().Replace(string.Concat(found.DescendantNodes().Select(Text)), " ").Trim();

        static string Text(XNode node) => node switch
        {
            XText text => text.Value,
            XElement { HasElements: false, Value: "" } reference =>
                ((string?)reference.Attribute("cref") ?? (string?)reference.Attribute("name") ?? (string?)reference.Attribute("langword")
                    ?? "").Split('(')[0].Split('.', ':')[^1],
            _ => "",
        };
    }

    private static string Name(MemberInfo member) =>
        member is Type type ? TypeNames.Of(type) : $"{TypeNames.Of(member.DeclaringType!)}.{member.Name}";

    /// <summary>Names of system calls are not capitalized.</summary>
    [GeneratedRegex(@"^([A-Z/'0-9-]|[a-z_]+\(2\)|ioctl )")]
    private static partial Regex Sentence();

    [GeneratedRegex(@"[.)]$")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"\bbytes?\b|\bblocks?\b|\bpages?\b|second|\bhow many\b|number|errno|EIO", RegexOptions.IgnoreCase)]
    private static partial Regex Unit();

    [GeneratedRegex(
        @"\b(0|1) or more|\b\d+ to\b|positive|at most|at least|fewer than|multiple|negative|-1 where|EIO|any value|\b0 where",
        RegexOptions.IgnoreCase)]
    private static partial Regex Range();
}
