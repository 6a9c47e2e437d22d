using System.Runtime.ConstrainedExecution;

namespace DirectMap.Threading;

/// <summary>A handle that may end what it stands for when it is collected, without a finalizer of its owner's.</summary>
internal interface IEndsByItself
{
    /// <summary>Whether it does.</summary>
    bool EndsByItself { get; }
}

/// <summary>A handle that hangs on a tether.</summary>
internal interface ITethered : IEndsByItself
{
    bool IEndsByItself.EndsByItself => true;

    /// <summary>The handle was collected: what it held is to be let go. Called on the finalizer's thread; must not throw.</summary>
    void Abandon();
}

/// <summary>
/// What a user's handle hangs on: when the handle is collected without having been disposed, so is the tether, and its finalizer lets go
/// what the handle held. Finalizable objects and weak references are expensive to make, so tethers are used again. The finalizer is a
/// critical one, so that finalizers of the user's that still use what is held run before.
/// <para>
/// Only one that the garbage collector cannot have found may be used again: its finalizer may still be to come, and would let go the next
/// handle's lease. The collector clears the weak reference to a tether when it finds it, before any finalizer runs. So one whose weak
/// reference still leads to it has not been found.
/// </para>
/// </summary>
internal sealed class Tether : CriticalFinalizerObject
{
    /// <summary>The next one of those that wait to be used again.</summary>
    internal Tether? Next;

    internal Tether() => Weak = new WeakReference<Tether>(this);

    ~Tether() => Handle?.Abandon();

    /// <summary>The way to the handle for those who must not keep it alive.</summary>
    internal WeakReference<Tether> Weak { get; }

    /// <summary>Nothing but the handle refers to a tether in use, so the two are collected together.</summary>
    internal ITethered? Handle { get; private set; }

    /// <summary>Whether a lease or right ends when it is collected: the library's own do, a user's need not.</summary>
    internal static bool EndsByItself(object handle) => handle is IEndsByItself { EndsByItself: true };

    internal void Attach(ITethered handle) => Handle = handle;

    /// <summary>The handle lets go itself. True: the tether can be used again.</summary>
    internal bool TryDetach()
    {
        Handle = null;
        return Weak.TryGetTarget(out _);
    }
}
