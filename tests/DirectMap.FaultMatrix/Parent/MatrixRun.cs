using System.Collections.Concurrent;
using DirectMap.FaultMatrix.Causes;
using DirectMap.Tests.Infrastructure;
using Xunit.Sdk;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>All cells, two at a time.</summary>
internal static class MatrixRun
{
    private const int Workers = 2;

    /// <param name="causes">The rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="program">The assembly that the children run.</param>
    /// <param name="interrupted">Ends it.</param>
    internal static async Task<List<CellResult>> RunAsync(
        IReadOnlyList<Cause> causes, IReadOnlyList<Column> columns, string program, CancellationToken interrupted)
    {
        ConcurrentQueue<(Cause Cause, Column Column)> cells = new(causes.SelectMany(cause => columns.Select(column => (cause, column))));
        ConcurrentBag<CellResult> results = [];
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));
        return [.. results];

        async Task WorkAsync()
        {
            using Grounds grounds = new();
            while (!interrupted.IsCancellationRequested && cells.TryDequeue(out (Cause Cause, Column Column) cell))
            {
                results.Add(await RunCellAsync(grounds, cell.Cause, cell.Column, program, interrupted));
            }
        }
    }

    private static async Task<CellResult> RunCellAsync(
        Grounds grounds, Cause cause, Column column, string program, CancellationToken interrupted)
    {
        if (!cause.HasCell(column.Access, column.How))
        {
            return new CellResult(cause, column, Outcome.Void, null, [], "");
        }

        Made made = grounds.Of(cause.Ground);
        if (made.Failure is { } missing)
        {
            return Missing(cause, column, made.Word, missing);
        }

        string folder = Directory.CreateDirectory(Path.Combine(made.Path, $"cell-{Guid.NewGuid():N}")).FullName;
        try
        {
            return await CellProcess.RunAsync(cause, column, new Site(folder, made.Device), program, interrupted);
        }
        finally
        {
            if (cause.Ground is not { IsSpoiled: true })
            {
                Directory.Delete(folder, recursive: true);
            }

            grounds.Ended(cause.Ground);
        }
    }

    private static CellResult Missing(Cause cause, Column column, string word, string reason)
    {
        try
        {
            Requires.Have(word, false, reason);
            throw new InvalidOperationException("It neither skips nor fails.");
        }
        catch (SkipException)
        {
            return new CellResult(cause, column, Outcome.Skipped, null, [], reason);
        }
        catch (XunitException exception)
        {
            return new CellResult(cause, column, Outcome.Failed, null, [], exception.Message);
        }
    }
}
