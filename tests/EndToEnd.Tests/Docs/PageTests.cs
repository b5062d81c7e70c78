using System.Text.RegularExpressions;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Docs;

/// <summary>What the pages tell people to type is typed, and what they say comes out has to come out.</summary>
public sealed partial class PageTests
{
    public static IEnumerable<TheoryDataRow<string>> Pages()
    {
        string[] roots = [PawlProgram.Root, Path.Combine(PawlProgram.Root, "docs"), Path.Combine(PawlProgram.Root, "samples")];
        return roots.SelectMany(r =>
            Directory.EnumerateFiles(r, "*.md", r == PawlProgram.Root ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories))
            .Where(p => PageScript.Read(File.ReadAllText(p)).Count > 0).Order(StringComparer.Ordinal)
            .Select(p => new TheoryDataRow<string>(Path.GetRelativePath(PawlProgram.Root, p)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Every_block_of_a_page_does_what_the_page_says(string page)
    {
        using var scratch = new Scratch();
        Prepare(scratch);
        foreach (var part in PageScript.Read(await File.ReadAllTextAsync(Path.Combine(PawlProgram.Root, page))))
        {
            if (part is PageScript.JobFile job)
            {
                scratch.Write(job.Name, job.Text);
                var valid = await PawlProcess.RunAsync(scratch, "validate", job.Name);
                Assert.True(valid.Code == 0, $"{page}:{job.Line}: {valid}");
            }
            else if (part is PageScript.Command command)
            {
                // The test entry would start itself; that it is there is all that can be asked here.
                if (command.Text.StartsWith("./test.sh", StringComparison.Ordinal))
                {
                    Assert.True(File.Exists(Path.Combine(PawlProgram.Root, "test.sh")));
                    continue;
                }
                await using var shell = PawlProcess.StartProgram("/bin/bash", scratch, ["-c", command.Text],
                    ("PATH", $"{scratch.Folder}:{Environment.GetEnvironmentVariable("PATH")}"));
                var exit = await shell.WaitAsync(TimeSpan.FromMinutes(3));
                Assert.True(exit.Code == command.Exit, $"{page}:{command.Line}: {command.Text}: expected exit {command.Exit}, {exit}");
                var output = exit.Err + "\n" + exit.Out;
                // Where the folder's name is long, a line goes on in the next one.
                var missing = PageScript.Missing(output, command.Expected) is null ? null
                    : PageScript.Missing(Continuation().Replace(output, " "), command.Expected);
                Assert.True(missing is null, $"{page}:{command.Line}: {command.Text}: no line \"{missing}\" in\n{exit}");
            }
        }
    }

    [Fact]
    public async Task Every_sample_runs_as_it_stands()
    {
        using var scratch = new Scratch();
        Prepare(scratch);
        await Sqlite("samples/shop.db", "samples/shop.sql");
        var jobs = Directory.EnumerateFiles(scratch.At("samples"), "*.yaml").ToList();
        Assert.True(jobs.Count >= 2, "the samples went away");
        foreach (var job in jobs)
        {
            var first = await PawlProcess.RunAsync(scratch, "run", job);
            Assert.True(first.Code == 0, $"{job}: {first}");
            var again = await PawlProcess.RunAsync(scratch, "run", job);
            Assert.True(again.Code == 0 && again.Out.Contains("Nothing to do"), $"{job}: {again}");
            var verified = await PawlProcess.RunAsync(scratch, "verify", job, "--level", "digest");
            Assert.True(verified.Code == 0, $"{job}: {verified}");
        }

        async Task Sqlite(string database, string script)
        {
            await using var shell = PawlProcess.StartProgram("/bin/bash", scratch, ["-c", $"sqlite3 {database} < {script}"]);
            Assert.Equal(0, (await shell.WaitAsync()).Code);
        }
    }

    [Theory]
    [InlineData("a\nDone: 5 rows in 1.2 s\nb", "Done: 5 rows in … s", true)]
    [InlineData("orders   5,000   ok", "orders 5,000 ok", true)]
    [InlineData("Done: 5 rows", "Done: 6 rows", false)]
    [InlineData("two\none", "one|two", false)]
    public void A_page_that_says_something_else_is_noticed(string output, string expected, bool found) =>
        Assert.Equal(found, PageScript.Missing(output, expected.Split('|')) is null);

    [GeneratedRegex(@"\n {12,}")]
    private static partial Regex Continuation();

    /// <summary>A folder like a fresh clone, as far as the pages use it: the samples, and the program as ./pawl and on the path.</summary>
    private static void Prepare(Scratch scratch)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(PawlProgram.Root, "samples")).Where(f => !f.EndsWith(".db")))
        {
            scratch.Write(Path.Combine("samples", Path.GetFileName(file)), File.ReadAllText(file));
        }
        File.CreateSymbolicLink(scratch.At("pawl"), PawlProgram.File);
    }
}
