using DirectMap.Tests.Infrastructure;

namespace DirectMap.DaxTests.Running;

/// <summary>Runs cases one after another, each in a folder of its own that it leaves empty.</summary>
internal static class Runner
{
    /// <returns>An exit code: 0 where all went well.</returns>
    internal static int Run(Setting setting, Case[] cases)
    {
        int failed = 0;
        int skipped = 0;
        foreach (Case each in cases)
        {
            string folder = Path.Combine(setting.Folder, "case");
            Directory.CreateDirectory(folder);
            try
            {
                each.Run(setting with { Folder = folder });
                ProcSelf.CollectGarbage();
                Expect.Equal(0, ProcSelf.MappingsOf(folder), "mappings that are left");
                Console.WriteLine($"ok    {each.Name}");
            }
            catch (CaseSkippedException reason)
            {
                skipped++;
                Console.WriteLine($"skip  {each.Name}: {reason.Message}");
            }
            catch (Exception exception)
            {
                failed++;
                Console.WriteLine($"FAIL  {each.Name}\n{exception}");
            }

            Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine($"{cases.Length - failed - skipped} of {cases.Length} cases passed, {skipped} skipped");
        return failed == 0 ? 0 : 1;
    }
}
