using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobLoadTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pawl-jobs-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_file_is_read_and_its_folder_is_where_paths_start()
    {
        var path = Write("job.yaml", JobText.Head + "tables: [a]\n");
        var result = Load(path);
        Assert.Empty(result.Problems);
        Assert.Equal(Path.Combine(folder, "a.db"), result.Job!.Source.Path);
        Assert.Equal(path, result.Job.File);
    }

    [Fact]
    public void An_absent_file_is_told_with_the_name_that_was_meant()
    {
        Write("orders.yaml", "x");
        var problem = Assert.Single(Load(Path.Combine(folder, "order.yaml")).Problems);
        Assert.Equal((Codes.JobFileMissing, 0, "orders.yaml"), (problem.Code, problem.Line, problem.Suggestion));
        Assert.Equal(Codes.JobFileMissing, Assert.Single(Load(Path.Combine(folder, "no", "such.yaml")).Problems).Code);
        Assert.Equal(Codes.JobFileMissing, Assert.Single(Load("").Problems).Code);
        Assert.Equal(Codes.JobFileMissing, Assert.Single(Load("a\0b").Problems).Code);
    }

    [Fact]
    public void A_folder_is_no_file() => Assert.Equal(Codes.FileIsDirectory, Assert.Single(Load(folder).Problems).Code);

    [Fact]
    public void A_file_that_may_not_be_read_is_told()
    {
        // Written to, never read: not even by a superuser, for whom the mode of a common file means nothing.
        var path = "/proc/sys/vm/compact_memory";
        if (!File.Exists(path)) Assert.Skip("needs a file that nobody may read");
        Assert.Equal(Codes.AccessDenied, Assert.Single(Load(path).Problems).Code);
    }

    [Fact]
    public void A_huge_file_is_not_read_to_the_end()
    {
        var path = Path.Combine(folder, "huge.yaml");
        using (var file = File.Create(path)) file.SetLength(50L << 30);
        var problem = Assert.Single(Load(path).Problems);
        Assert.Equal((Codes.JobSyntax, JobReasons.TooLarge), (problem.Code, problem.Details["reason"]));
    }

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_told_with_their_place()
    {
        var path = Path.Combine(folder, "latin.yaml");
        File.WriteAllBytes(path, [.. "version: 1\nname: caf"u8, 0xE9, .. "\n"u8]);
        var problem = Assert.Single(Load(path).Problems);
        Assert.Equal((Codes.JobSyntax, JobReasons.Encoding), (problem.Code, problem.Details["reason"]));
        Assert.Equal((2, 10), (problem.Line, problem.Column));
    }

    [Fact]
    public void A_target_behind_a_link_to_the_source_is_the_source()
    {
        File.WriteAllText(Path.Combine(folder, "a.db"), "");
        File.CreateSymbolicLink(Path.Combine(folder, "b.db"), Path.Combine(folder, "a.db"));
        Assert.Equal(Codes.SourceIsTarget, Assert.Single(Load(Write("job.yaml", JobText.Head + "tables: [a]\n")).Problems).Code);
        Directory.CreateSymbolicLink(Path.Combine(folder, "link"), folder);
        var through = JobText.Head.Replace("b.db", "link/link/a.db") + "tables: [a]\n";
        Assert.Equal(Codes.SourceIsTarget, Assert.Single(Load(Write("through.yaml", through)).Problems).Code);
    }

    [Fact]
    public void A_secret_file_is_found_beside_the_job_and_loses_one_line_end()
    {
        Write("pw.txt", "p@ss/wörd\n\n");
        var path = Write("job.yaml", "version: 1\nname: n\nsource: sqlite:a.db\ntarget: postgres://u:${file:pw.txt}@h/d\ntables: [a]\n");
        var target = Load(path).Job!.Target;
        Assert.Equal("p@ss/wörd\n", target.Password);
        Assert.Equal("postgres://u@h/d", target.Display);
    }

    [Theory]
    [InlineData("absent.txt", JobReasons.FileAbsent)]
    [InlineData("folder", JobReasons.FileUnreadable)]
    [InlineData("empty.txt", JobReasons.Empty)]
    [InlineData("binary.bin", JobReasons.Encoding)]
    [InlineData("big.txt", JobReasons.TooLarge)]
    public void A_secret_file_that_gives_nothing_is_told_at_its_place(string name, string reason)
    {
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        Write("empty.txt", "\n");
        Write("big.txt", new string('x', 70_000));
        File.WriteAllBytes(Path.Combine(folder, "binary.bin"), [0xFF, 0xFE, 0x00]);
        var path = Write("job.yaml", JobText.Head.Replace("sqlite:b.db", $"postgres://u:${{file:{name}}}@h/d") + "tables: [a]\n");
        var problem = Assert.Single(Load(path).Problems);
        Assert.Equal((Codes.SecretMissing, reason, 4), (problem.Code, problem.Details["reason"], problem.Line));
    }

    private JobFileResult Load(string path) => JobFile.Load(path, _ => null, JobText.Connectors);

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
