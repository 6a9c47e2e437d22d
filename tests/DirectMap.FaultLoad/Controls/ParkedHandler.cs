using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.FaultLoad.Infrastructure;
using DirectMap.FaultLoad.Native;

namespace DirectMap.FaultLoad.Controls;

/// <summary>
/// A thread whose load of a lost page is parked in the handler, inside the range; another one unregisters or restores the range meanwhile.
/// Needs a library with hooks. What is found is the exit code.
/// </summary>
internal static unsafe class ParkedHandler
{
    internal const int Held = 0;
    internal const int Broken = 10;

    private const byte Marker = 0x5A;
    private const byte Content = 0x77;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly int s_page = Environment.SystemPageSize;

    /// <summary>The range is unregistered, and a page that is nobody's put where it was: the handler must not replace that one.</summary>
    internal static int Unregister()
    {
        using Scene scene = new();
        bool hasWaited = scene.RunUnderParkedHandler(() =>
        {
            NativeHandler.Unregister(scene.Range);
            scene.MapMarker();
        });
        bool isIntact = !new ReadOnlySpan<byte>(scene.Start, s_page).ContainsAnyExcept(Marker);
        Console.WriteLine(
            $"unregister {(hasWaited ? "waited" : "did not wait")} for the handler; the page that came after is "
                + $"{(isIntact ? "intact" : "replaced")}");
        return isIntact && hasWaited ? Held : Broken;
    }

    /// <summary>
    /// The handler has found the bounds, and not yet counted itself in: nobody waits for it when the range is unregistered. It must look at
    /// the bounds again, and leave what came after alone. The signal is nobody's then: the handler from before is called, and when that has
    /// returned the load is made again.
    /// </summary>
    internal static int UnregisterBeforeCounted(string probePath)
    {
        Host.Probe probe = new(probePath);
        probe.Install(Host.Probe.Returns);
        using Scene scene = new();
        bool hasWaited = scene.RunBeforeCounted(() =>
        {
            NativeHandler.Unregister(scene.Range);
            scene.MapMarker();
        });
        bool isIntact = !new ReadOnlySpan<byte>(scene.Start, s_page).ContainsAnyExcept(Marker) && scene.Loaded == Marker;
        Console.WriteLine(
            $"unregister {(hasWaited ? "waited" : "did not wait")} for the handler; the page that came after is "
                + $"{(isIntact ? "intact" : "replaced")}, the load saw {scene.Loaded:x}; the other handler was called {probe.Count} times");
        return isIntact && !hasWaited && probe.Count == 1 ? Held : Broken;
    }

    /// <summary>
    /// The file has its page again, and the range is restored: the page must not be lost when that has returned, and the load must
    /// see what the file has.
    /// </summary>
    internal static int Restore()
    {
        using Scene scene = new();
        FaultHandler.StateBlock* next = NativeHandler.NewState(2);
        long left = -2;
        bool hasWaited = scene.RunUnderParkedHandler(() =>
        {
            Span<byte> content = stackalloc byte[s_page];
            content.Fill(Content);
            Libc.Write(scene.File, content, 0);
            left = NativeHandler.Restore(scene.Range, scene.File, next);
        });
        bool isRight = left == 0 && scene.Loaded == Content && (next->Word & NativeHandler.Lost) == 0
            && NativeHandler.FindLost(scene.Range, 1) < 0;
        Console.WriteLine(
            $"restore {(hasWaited ? "waited" : "did not wait")} for the handler; {left} pages were left, the load saw {scene.Loaded:x}, "
                + $"the word is {next->Word}, the first lost page {NativeHandler.FindLost(scene.Range, 1)}");
        NativeHandler.Unregister(scene.Range);
        NativeMemory.AlignedFree(next);
        return isRight && hasWaited ? Held : Broken;
    }

    /// <summary>
    /// A handler has just put its page there, and has done nothing since: whoever meets the page now must find all that tells of it.
    /// </summary>
    internal static int Replaced()
    {
        using Scene scene = new();
        (int word, long first, long lost, byte seen) = scene.WhileReplaced();
        bool isTold = (word & NativeHandler.Lost) != 0 && first == 0 && lost == 0 && seen == 0;
        Console.WriteLine(
            $"when the page was replaced the word was {word}, the first page {first}, the first lost page {lost}; "
                + $"a load saw {seen}: it is {(isTold ? "told" : "not told")} in time");
        NativeHandler.Unregister(scene.Range);
        return isTold ? Held : Broken;
    }

    private sealed class Scene : IDisposable
    {
        private readonly FaultHandler.StateBlock* _state = NativeHandler.NewState();
        private readonly int* _waits = NativeHandler.Variable("directmap_waits");

        internal Scene()
        {
            NativeHandler.Install();
            File = Libc.CreateFile(s_page);
            Start = Libc.MapFile(File, s_page);
            Range = NativeHandler.Register(Start, s_page, _state);
            Libc.SetLength(File, 0);
        }

        internal int File { get; }

        internal byte* Start { get; }

        internal void* Range { get; }

        /// <summary>What the load saw in the end.</summary>
        internal byte Loaded { get; private set; }

        /// <summary>
        /// Runs something while a handler is parked in the range, and lets the handler go when that waits for it, or is done.
        /// </summary>
        /// <returns>Whether it waited.</returns>
        internal bool RunUnderParkedHandler(Action body) => Run(body, "directmap_hold", "directmap_inside");

        /// <summary>The same while one is parked on its way into the range.</summary>
        internal bool RunBeforeCounted(Action body) => Run(body, "directmap_hold_counting", "directmap_counting");

        /// <summary>Puts a page that is nobody's where the range was.</summary>
        internal void MapMarker()
        {
            if (Libc.MapAnonymous(Start, s_page, Libc.MAP_FIXED) != Start)
            {
                throw new IOException("the marker could not be mapped");
            }

            new Span<byte>(Start, s_page).Fill(Marker); // In bounds: just mapped.
        }

        private bool Run(Action body, string holdName, string comeName)
        {
            int* hold = NativeHandler.Variable(holdName);
            int* come = NativeHandler.Variable(comeName);
            Volatile.Write(ref *hold, 1);
            Exception? failure = null;
            Thread loads = new(() => Loaded = Libc.Load(Start)) { IsBackground = true };
            loads.Start();
            Until(() => Volatile.Read(ref *come) == 1, "no handler came");
            Thread changes = new(() =>
            {
                try
                {
                    body();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            })
            { IsBackground = true };
            changes.Start();
            Until(() => Volatile.Read(ref *_waits) > 0 || !changes.IsAlive, "nobody waited, and nobody was done");
            bool hasWaited = Volatile.Read(ref *_waits) > 0 && changes.IsAlive;
            Volatile.Write(ref *hold, 0);
            changes.Join();
            loads.Join();
            return failure is null ? hasWaited : throw new InvalidOperationException("the change failed", failure);
        }

        /// <summary>What another thread finds when a handler has replaced the page.</summary>
        internal (int Word, long First, long Lost, byte Seen) WhileReplaced()
        {
            int* hold = NativeHandler.Variable("directmap_hold_replaced");
            int* replaced = NativeHandler.Variable("directmap_replaced");
            Volatile.Write(ref *hold, 1);
            Thread loads = new(() => Loaded = Libc.Load(Start)) { IsBackground = true };
            loads.Start();
            Until(() => Volatile.Read(ref *replaced) == 1, "no page was replaced");
            byte seen = Volatile.Read(ref *Start); // Mapped; anonymous now.
            (int, long, long, byte) found = (
                Volatile.Read(ref _state->Word), Volatile.Read(ref _state->First), NativeHandler.FindLost(Range, 1), seen);
            Volatile.Write(ref *hold, 0);
            loads.Join();
            return found;
        }

        public void Dispose()
        {
            Libc.Unmap(Start, s_page);
            Libc.Close(File);
            NativeMemory.AlignedFree(_state);
        }

        private static void Until(Func<bool> condition, string otherwise)
        {
            if (!SpinWait.SpinUntil(condition, s_patience))
            {
                throw new TimeoutException(otherwise);
            }
        }
    }
}
