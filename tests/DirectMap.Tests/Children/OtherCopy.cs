using System.Reflection;
using System.Runtime.Loader;

namespace DirectMap.Tests.Children;

/// <summary>
/// Another copy of the library in this process: in a load context and a folder of its own, with a native library of its own. Its types are
/// others than those of the tests.
/// </summary>
internal sealed class OtherCopy
{
    private readonly AssemblyLoadContext _context;
    private readonly Assembly _library;

    /// <param name="folder">Where it is copied to; must not exist.</param>
    internal OtherCopy(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (string name in (string[])["DirectMap.dll", "DirectMap.Abstractions.dll", "libdirectmap.so"])
        {
            if (Path.Combine(AppContext.BaseDirectory, name) is var file && File.Exists(file))
            {
                File.Copy(file, Path.Combine(folder, name));
            }
        }

        _context = new Context(folder);
        _library = _context.LoadFromAssemblyPath(Path.Combine(folder, "DirectMap.dll"));
    }

    internal string Location => _library.Location;

    /// <summary>Its DirectFile.Open.</summary>
    internal IDisposable Open(string path) =>
        (IDisposable)Unwrapped(() => _library.GetType("DirectMap.DirectFile")!.GetMethod("Open")!.Invoke(null, [path, null])!);

    /// <summary>The same with a backing.</summary>
    internal IDisposable Open(string path, FileBackingKind backing)
    {
        Type type = _library.GetType("DirectMap.DirectFileOptions")!;
        object options = Activator.CreateInstance(type)!;
        PropertyInfo chosen = type.GetProperty("Backing")!;
        chosen.SetValue(options, Enum.ToObject(Nullable.GetUnderlyingType(chosen.PropertyType)!, (int)backing));
        return (IDisposable)Unwrapped(() => _library.GetType("DirectMap.DirectFile")!.GetMethod("Open")!.Invoke(null, [path, options])!);
    }

    /// <summary>Its DirectFile.Map, ordinary, and faults have to be contained.</summary>
    internal IDisposable Map(IDisposable file)
    {
        Type type = _library.GetType("DirectMap.MapOptions")!;
        object ordinary = type.GetProperty("Ordinary")!.GetValue(null)!;
        object options = type.GetMethod("<Clone>$")!.Invoke(ordinary, null)!; // what "with" calls
        type.GetProperty("FaultContainment")!.SetValue(options, Enum.ToObject(_library.GetType("DirectMap.FaultContainment")!, 1));
        return (IDisposable)Unwrapped(() => file.GetType().GetMethod("Map", [type])!.Invoke(file, [options])!);
    }

    /// <summary>Reads a byte of a region of its own.</summary>
    internal static object Read(IDisposable region, long offset) => Unwrapped(() => region.GetType().GetMethod("Read", [typeof(long)])!
        .MakeGenericMethod(typeof(byte)).Invoke(region, [offset])!);

    /// <summary>Whether nothing keeps it any more is for the collector to find out.</summary>
    internal void Unload() => _context.Unload();

    private static object Unwrapped(Func<object> call)
    {
        try
        {
            return call();
        }
        catch (TargetInvocationException exception)
        {
            throw exception.InnerException!;
        }
    }

    private sealed class Context(string folder) : AssemblyLoadContext("another copy", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            Path.Combine(folder, assemblyName.Name + ".dll") is var file && File.Exists(file) ? LoadFromAssemblyPath(file) : null;

        // As a host of plug-ins does; else it would be the program's own, which the runtime finds first.
        protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
            Path.Combine(folder, $"lib{unmanagedDllName}.so") is var file && File.Exists(file) ? LoadUnmanagedDllFromPath(file) : 0;
    }
}
