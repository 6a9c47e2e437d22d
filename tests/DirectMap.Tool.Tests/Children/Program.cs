using DirectMap.Tool.Tests.Children;

return args is ["--holder", var path] ? HolderChild.Run(path) : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
