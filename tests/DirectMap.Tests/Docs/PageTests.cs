using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Docs;

/// <summary>No page has code that no test looks at, or a link that leads nowhere.</summary>
public sealed class PageTests
{
    [Fact]
    public void Every_block_is_of_a_kind_that_a_test_looks_at()
    {
        string[] kinds = [CodeBlock.CSharp, CodeBlock.Shell, CodeBlock.Output, CodeBlock.Picture];
        IEnumerable<string> others = Page.All.SelectMany(page => page.Blocks).Where(block => !kinds.Contains(block.Kind))
            .Select(block => $"{block.Place} '{block.Kind}'");

        Assert.Empty(others);
    }

    [Fact]
    public void Output_is_shown_only_below_what_prints_it()
    {
        foreach (Page page in Page.All)
        {
            IEnumerable<string> orphans = page.Blocks.Zip(page.Blocks.Prepend(null))
                .Where(pair => pair.First.Kind == CodeBlock.Output && pair.Second?.Kind is not (CodeBlock.CSharp or CodeBlock.Shell))
                .Select(pair => pair.First.Place);

            Assert.Empty(orphans);
        }
    }

    [Fact]
    public void Code_stands_between_fences()
    {
        Assert.Empty(Page.All.SelectMany(page => page.IndentedLines));
    }

    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        List<string> nowhere = [];
        foreach (Page page in Page.All)
        {
            foreach (string link in page.Links.Where(link => !Uri.TryCreate(link, UriKind.Absolute, out _)))
            {
                string[] parts = link.Split('#', 2);
                string target = parts[0].Length == 0
                    ? Repository.File(page.Name)
                    : Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(page.Name)!, parts[0]));
                bool isThere = File.Exists(target) || (Directory.Exists(target) && parts.Length == 1);
                if (!isThere || (parts.Length == 2 && !new Page(Path.GetRelativePath(Repository.Root, target)).Anchors.Contains(parts[1])))
                {
                    nowhere.Add($"{page.Name}: {link}");
                }
            }
        }

        Assert.Empty(nowhere);
    }

    [Fact]
    public void Every_page_is_in_the_index()
    {
        Page index = Page.All.Single(page => page.Name == "docs/README.md");
        IEnumerable<string> missing = Page.All.Select(page => page.Name)
            .Where(name =>
                name.StartsWith("docs/", StringComparison.Ordinal) && name != index.Name && !index.Links.Contains(name["docs/".Length..]));

        Assert.Empty(missing);
        Assert.Contains("docs/README.md", Page.All[0].Links);
    }
}
