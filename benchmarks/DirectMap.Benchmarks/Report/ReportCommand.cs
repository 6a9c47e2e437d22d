namespace DirectMap.Benchmarks.Report;

/// <summary>The commands that make plots and tables of what the benchmarks have left.</summary>
internal static class ReportCommand
{
    private const string Usage = "plots RESULTS_FOLDER OUTPUT_FOLDER | tables RESULTS_FOLDER PAGE";

    /// <returns>0; 1 where the results cannot be reported; 2 where the arguments are wrong.</returns>
    internal static int Run(string[] args, TextWriter output, TextWriter error)
    {
        if (args is not [string command, string folder, string target])
        {
            error.WriteLine(Usage);
            return 2;
        }

        try
        {
            Results results = Results.Read(folder);
            foreach (string file in command == "plots" ? Plots.Write(results, target) : Tables.Write(results, target))
            {
                output.WriteLine(file);
            }

            return 0;
        }
        catch (Exception e) when (e is ReportException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(e.Message);
            return 1;
        }
    }
}
