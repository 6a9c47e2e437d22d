using DirectMap.Tests.Infrastructure;

if (args is ["--child", var name, .. var arguments])
{
    return ChildProcess.RunCase(name, arguments);
}

// Tests wait as threads for what tasks do, on threads of the pool. It has one for each processor, and half a second later one more.
ThreadPool.SetMinThreads(32, 32);
return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
