using DirectMap.Tests.Infrastructure;

if (args is ["--child", var name, .. var arguments])
{
    return ChildProcess.RunCase(name, arguments);
}

return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
