// Types that have one of everything.
#pragma warning disable CA1040, CA1052, CA1051, CA1034, CA1822, CA1819, CA1070, CA2231, CA1815, CA1716, CA1720
#pragma warning disable CS0067, CS0649, CS0618
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace DirectMap.Tests.Api;

/// <summary>That the text of an API shows what a user would notice: each pair differs in one thing only.</summary>
public sealed class ApiTextTests
{
    [Theory]
    [InlineData(
        typeof(Original),
        typeof(RenamedMethod.Original),
        "public int Count(string? text = null, int from = 0);",
        "public int Counted(string? text = null, int from = 0);")]
    [InlineData(typeof(Original), typeof(ChangedDefault.Original), "int from = 0", "int from = 1")]
    [InlineData(typeof(Original), typeof(ChangedNullability.Original), "string? text = null", "string text = null")]
    [InlineData(typeof(Original), typeof(Unsealed.Original), "public sealed class Original", "public class Original")]
    [InlineData(typeof(Kinds), typeof(ChangedValue.Kinds), "Two = 2,", "Two = 3,")]
    [InlineData(typeof(Kinds), typeof(Flagged.Kinds), "public enum Kinds", "[Flags] public enum Kinds")]
    [InlineData(typeof(Options), typeof(SetOptions.Options), "{ get; init; }", "{ get; set; }")]
    [InlineData(typeof(Options), typeof(LaterOptions.Options), "// 00:00:01", "// 00:00:02")]
    [InlineData(typeof(Options), typeof(RequiredOptions.Options), "public TimeSpan Time", "public required TimeSpan Time")]
    [InlineData(typeof(Options), typeof(ClassOptions.Options), "public sealed record Options", "public sealed class Options")]
    [InlineData(
        typeof(Ref),
        typeof(WithoutUnscopedRef.Ref),
        "[UnscopedRef] public readonly Span<byte> Span { get; }",
        "public readonly Span<byte> Span { get; }")]
    [InlineData(typeof(IGeneric<>), typeof(OtherConstraint.IGeneric<>), "where T : unmanaged", "where T : struct")]
    [InlineData(typeof(IGeneric<>), typeof(OtherBase.IGeneric<>), " : IDisposable", " : IAsyncDisposable")]
    [InlineData(typeof(IGeneric<>), typeof(OtherNesting.IGeneric<>), "List<string?>", "List<string>")]
    public void A_change_is_visible(Type before, Type after, string was, string became)
    {
        string old = Simple(before);
        string now = Simple(after);

        Assert.Contains(was, old, StringComparison.Ordinal);
        Assert.Contains(became, now, StringComparison.Ordinal);
        Assert.NotEqual("", TextDiff.Of(old, now));
    }

    [Fact]
    public void Everything_a_class_can_have_is_declared() => Assert.Equal(
        """
        public abstract class Everything : List<int>, IDisposable
        {
            public const string Name = "a \"name\"";
            public static readonly int Number; // 7
            protected readonly string? _text;
            protected Everything(params string[] names);
            public static Everything? Instance { get; } // null
            public string? this[in int index] { get; }
            public virtual int Length { get; protected set; }
            public event EventHandler? Happened;
            public abstract void Dispose();
            public override bool Equals(object? obj);
            public override int GetHashCode();
            public bool TryGet([NotNullWhen(true)] out Dictionary<string, object?>? found, ref readonly long at, Kinds kind = Kinds.Two, Kinds? other = null, TimeSpan time = default);
            protected virtual T Visit<T>(Func<T, int[]?> visit) where T : class, new();
            public static bool operator Equality(Everything left, Everything right);
            public static bool operator Inequality(Everything left, Everything right);
        }

        """.ReplaceLineEndings("\n"),
        Simple(typeof(Everything)));

    [Fact]
    public void Only_what_differs_is_shown_with_the_type_it_is_in()
    {
        string old = string.Join(
            '\n', ["class A", "{", "    a", "    b", "}", "class B", "{", "    c", "    d", "    e", "    f", "    g", "}"]);

        Assert.Equal(
            string.Join('\n', ["@@ class B", "      d", "      e", "-     f", "+     F", "      g", "  }"]),
            TextDiff.Of(old, old.Replace("    f", "    F", StringComparison.Ordinal)));
        Assert.Equal("", TextDiff.Of(old, old));
    }

    /// <summary>The sample types are nested, the shipped ones are not: without the name of the type around.</summary>
    private static string Simple(Type type)
    {
        string text = ApiText.Of(type);
        for (Type? outer = type.DeclaringType; outer is not null; outer = outer.DeclaringType)
        {
            text = text.Replace(outer.Name + ".", "", StringComparison.Ordinal);
        }

        return text;
    }

    public enum Kinds
    {
        One = 1,
        Two = 2,
    }

    public interface IGeneric<T> : IDisposable
        where T : unmanaged
    {
        List<string?> Names { get; }
    }

    public sealed class Original
    {
        public int Count(string? text = null, int from = 0) => from;
    }

    public sealed record Options
    {
        public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(1);
    }

    public ref struct Ref
    {
        [UnscopedRef]
        public readonly Span<byte> Span => default;
    }

    public static class RenamedMethod
    {
        public sealed class Original
        {
            public int Counted(string? text = null, int from = 0) => from;
        }
    }

    public static class ChangedDefault
    {
        public sealed class Original
        {
            public int Count(string? text = null, int from = 1) => from;
        }
    }

    public static class ChangedNullability
    {
        public sealed class Original
        {
            public int Count(string text = null!, int from = 0) => from;
        }
    }

    public static class Unsealed
    {
        public class Original
        {
            public int Count(string? text = null, int from = 0) => from;
        }
    }

    public static class ChangedValue
    {
        public enum Kinds
        {
            One = 1,
            Two = 3,
        }
    }

    public static class Flagged
    {
        [Flags]
        public enum Kinds
        {
            One = 1,
            Two = 2,
        }
    }

    public static class SetOptions
    {
        public sealed record Options
        {
            public TimeSpan Time { get; set; } = TimeSpan.FromSeconds(1);
        }
    }

    public static class LaterOptions
    {
        public sealed record Options
        {
            public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(2);
        }
    }

    public static class RequiredOptions
    {
        public sealed record Options
        {
            public required TimeSpan Time { get; init; }
        }
    }

    public static class ClassOptions
    {
        public sealed class Options
        {
            public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(1);
        }
    }

    public static class WithoutUnscopedRef
    {
        public ref struct Ref
        {
            public readonly Span<byte> Span => default;
        }
    }

    public static class OtherConstraint
    {
        public interface IGeneric<T> : IDisposable
            where T : struct
        {
            List<string?> Names { get; }
        }
    }

    public static class OtherBase
    {
        public interface IGeneric<T> : IAsyncDisposable
            where T : unmanaged
        {
            List<string?> Names { get; }
        }
    }

    public static class OtherNesting
    {
        public interface IGeneric<T> : IDisposable
            where T : unmanaged
        {
            List<string> Names { get; }
        }
    }

    [SuppressMessage("Design", "CA1010", Justification = "One of everything.")]
    public abstract class Everything : List<int>, IDisposable
    {
        public const string Name = "a \"name\"";
        public static readonly int Number = 7;
        protected readonly string? _text;
        internal int _hidden;

        protected Everything(params string[] names)
        {
        }

        public event EventHandler? Happened;

        public static Everything? Instance => null;

        public virtual int Length { get; protected set; }

        public string? this[in int index] => null;

        public static bool operator ==(Everything left, Everything right) => ReferenceEquals(left, right);

        public static bool operator !=(Everything left, Everything right) => !ReferenceEquals(left, right);

        public abstract void Dispose();

        public override bool Equals(object? obj) => ReferenceEquals(this, obj);

        public override int GetHashCode() => 0;

        public bool TryGet(
            [NotNullWhen(true)] out Dictionary<string, object?>? found,
            ref readonly long at,
            Kinds kind = Kinds.Two,
            Kinds? other = null,
            TimeSpan time = default)
        {
            found = null;
            return false;
        }

        protected virtual T Visit<T>(Func<T, int[]?> visit)
            where T : class, new() => new();

        private protected void Hidden()
        {
        }
    }
}
