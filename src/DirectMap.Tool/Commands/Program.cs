using DirectMap.Tool.Commands;
using DirectMap.Tool.Terminal;
using Interruption interruption = new();
int code = await DirectMapTool.RunAsync(args, ToolConsole.OfProcess(), interruption.Token);
return interruption.ExitCode ?? code;
