using System.Text;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Api;

/// <summary>
/// Files of the repository that are made from the code. They must be as they would be made now; with
/// DIRECTMAP_ACCEPT_API=1 they are made so.
/// </summary>
internal static class Accepted
{
    private const string Variable = "DIRECTMAP_ACCEPT_API";

    /// <summary>The files of a folder with an ending, all of them: one that is not made any more is in the way, too.</summary>
    internal static void AreIn(string folder, string ending, IReadOnlyDictionary<string, string> made)
    {
        string path = Directory.CreateDirectory(Path.Combine(Repository.Root, folder)).FullName;
        Dictionary<string, string> there = Directory.EnumerateFiles(path, "*" + ending)
            .ToDictionary(file => Path.GetFileName(file), file => File.ReadAllText(file));
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            foreach (string name in there.Keys.Except(made.Keys))
            {
                File.Delete(Path.Combine(path, name));
            }

            foreach ((string name, string text) in made.Where(file => there.GetValueOrDefault(file.Key) != file.Value))
            {
                File.WriteAllText(Path.Combine(path, name), text);
            }

            return;
        }

        StringBuilder report = new();
        foreach (string name in there.Keys.Union(made.Keys).Order(StringComparer.Ordinal))
        {
            string diff = TextDiff.Of(there.GetValueOrDefault(name, ""), made.GetValueOrDefault(name, ""));
            if (diff.Length > 0)
            {
                report.Append($"--- {folder}/{name}\n+++ the code\n{diff}\n\n");
            }
        }

        Assert.True(
            report.Length == 0,
            $"{report}To accept this: {Variable}=1 dotnet test --filter FullyQualifiedName~DirectMap.Tests.Api (and look at the "
                + "diff before committing).");
    }
}
