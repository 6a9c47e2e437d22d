using System.Globalization;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>Shows how far long work is: a bar on a terminal, a line on standard error every ten percent elsewhere.</summary>
internal static class WorkProgress
{
    private const int LineEveryPercent = 10;

    /// <summary>Does the work, which reports how many of how many bytes (or steps) are done.</summary>
    internal static Task<T> RunAsync<T>(ToolConsole console, string what, Func<IProgress<PrepareProgress>, Task<T>> work) =>
        console.IsTerminal ? RunWithBarAsync(console, what, work) : work(new Lines(console.Error, what));

    private static Task<T> RunWithBarAsync<T>(ToolConsole console, string what, Func<IProgress<PrepareProgress>, Task<T>> work) =>
        console.Terminal().Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn(),
                new SpinnerColumn())
            .StartAsync(context => work(new Bar(context.AddTask(Markup.Escape(Printable.Text(what))))));

    private sealed class Bar(ProgressTask task) : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value)
        {
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Total == 0 ? 1 : value.Done;
        }
    }

    private sealed class Lines(TextWriter output, string what) : IProgress<PrepareProgress>
    {
        private int _told = -1;

        public void Report(PrepareProgress value)
        {
            if (value.Total == 0)
            {
                return; // Nothing is to be done.
            }

            int percent = (int)(100.0 * value.Done / value.Total);
            if (percent / LineEveryPercent > _told)
            {
                _told = percent / LineEveryPercent;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"progress: {what} {percent}% {value.Done}/{value.Total}"));
            }
        }
    }
}
