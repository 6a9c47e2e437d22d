namespace DirectMap.Tests.Api;

/// <summary>What differs between two texts, line by line, with the lines around it.</summary>
internal static class TextDiff
{
    private const int Context = 2;

    /// <summary>Empty when they are the same.</summary>
    internal static string Of(string old, string now)
    {
        List<(char Mark, string Line)> lines = Compare(old.Split('\n'), now.Split('\n'));
        List<string> shown = [];
        int last = -1;
        for (int i = 0; i < lines.Count; i++)
        {
            bool isNear = Enumerable.Range(i - Context, (2 * Context) + 1)
                .Any(near => near >= 0 && near < lines.Count && lines[near].Mark != ' ');
            if (!isNear)
            {
                continue;
            }

            if (last < i - 1)
            {
                shown.Add($"@@ {HeadOf(lines.Take(i).Select(line => line.Line))}");
            }

            shown.Add($"{lines[i].Mark} {lines[i].Line}");
            last = i;
        }

        return string.Join('\n', shown);
    }

    /// <summary>Which section of a page or which type it is in: the last heading, or the last line that is not indented.</summary>
    private static string? HeadOf(IEnumerable<string> before) =>
        before.LastOrDefault(line => line.StartsWith('#')) ?? before.LastOrDefault(line => line.Length > 1 && !char.IsWhiteSpace(line[0]));

    /// <summary>By the longest common subsequence.</summary>
    private static List<(char Mark, string Line)> Compare(string[] old, string[] now)
    {
        int[,] common = new int[old.Length + 1, now.Length + 1];
        for (int i = old.Length - 1; i >= 0; i--)
        {
            for (int j = now.Length - 1; j >= 0; j--)
            {
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        List<(char Mark, string Line)> lines = [];
        int at = 0;
        int to = 0;
        while (at < old.Length || to < now.Length)
        {
            if (at < old.Length && to < now.Length && old[at] == now[to])
            {
                lines.Add((' ', old[at++]));
                to++;
            }
            else if (to == now.Length || (at < old.Length && common[at + 1, to] >= common[at, to + 1]))
            {
                lines.Add(('-', old[at++]));
            }
            else
            {
                lines.Add(('+', now[to++]));
            }
        }

        return lines;
    }
}
