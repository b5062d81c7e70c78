using System.Text;
using System.Text.Json;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

/// <summary>Whatever is done to a job file, reading it says what is wrong and throws nothing.</summary>
public sealed class JobFuzzTests
{
    private const string Valid = """
        # a comment
        version: 1
        name: "shop"
        was: [old, older]
        source: postgres://u:${PW}@h:5432/d?tls=off
        target: 'sqlite:out dir/b.db?busy=10s'
        defaults: {write: upsert, commit: {rows: 50k, bytes: 64MB, every: 5s}, on_error: {reject_limit: 10, retry: {backoff: 1s..60s}}}
        tables:
          shop.*: {target: "dw_{table}", exclude: [shop.tmp_*]}
          shop.orders:
            transform:
              where: |
                amount > 0
                  and note <> 'x'
              rename: {id: order_id}
              set: {n: 1, t: "x", z: null}
        verify: {after: run, level: digest}
        parallel: 4

        """;

    private static readonly string[] Pieces =
    [
        ":", ": ", "- ", "\n", "\r", "\t", " ", "  ", "{", "}", "[", "]", ",", "#", "&a ", "*a", "!x ", "|", ">", "'", "\"", "\\", "\\x",
        "%", "---\n", "...\n",
        "?", "? ",
        "\0", "\u0085", "\u2028", "\uFEFF", "\uD800", "😀", "é", "${", "${A}", "$${", "${file:/etc}",
        "null", "~", "1e999", "-0", "0x1g", "true", "tables",
        "version", "<<: ",
        "..", "9999999999999999999999", "@", "://", "%00", "\uFDD0", "\uFFFF", "{table}", "*", "a: &x [*x]\n",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_mutated_file_gives_a_job_or_problems_with_places_and_never_throws(int seed)
    {
        var random = new Random(seed);
        var (jobs, refused) = (0, 0);
        for (var i = 0; i < 2_500; i++)
        {
            var text = Mutated(random, Valid, random.Next(1, 6));
            var result = Read(text, seed, i);
            Assert.True(result.Job is null != (result.Problems.Count == 0), $"seed {seed} step {i}");
            if (result.Job is null) refused++;
            else jobs++;
            foreach (var problem in result.Problems) Check(problem, text);
        }
        Assert.True(jobs > 50 && refused > 500, $"{jobs} jobs, {refused} refused: the mutations prove nothing");
    }

    [Fact]
    public void Any_address_gives_an_endpoint_or_problems_and_never_throws()
    {
        var random = new Random(5);
        string[] starts = ["postgres://u:p@h:1/d?tls=off&x=1", "sqlite:a b.db?busy=1s", "${PW}", "postgres://u:${PW}@[::1]:${PW}/${PW}"];
        var good = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var url = Mutated(random, starts[random.Next(starts.Length)], random.Next(0, 4));
            var result = JobText.Endpoint(url, new() { ["PW"] = Mutated(random, "c4n4ry", random.Next(0, 3)), ["A"] = "c4n4ry" });
            Assert.True(result.Endpoint is null != (result.Problems.Count == 0));
            if (result.Endpoint is not null) good++;
            foreach (var problem in result.Problems) Assert.DoesNotContain("c4n4ry", JsonSerializer.Serialize(problem));
        }
        Assert.True(good is > 1_000 and < 19_000, $"{good} endpoints");
    }

    [Fact]
    public void Random_bytes_in_a_file_are_a_problem()
    {
        var random = new Random(6);
        var folder = Directory.CreateTempSubdirectory("pawl-fuzz-").FullName;
        try
        {
            for (var i = 0; i < 300; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(Valid);
                for (var k = 0; k < 1 + i % 5; k++) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                var path = Path.Combine(folder, "job.yaml");
                File.WriteAllBytes(path, bytes);
                var result = JobFile.Load(path, _ => "pw", JobText.Connectors);
                Assert.True(result.Job is null != (result.Problems.Count == 0));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static JobFileResult Read(string text, int seed, int step)
    {
        try
        {
            return JobText.Parse(text, new() { ["PW"] = "c4n4ry" });
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed} step {step}: {JsonSerializer.Serialize(text)}", e);
        }
    }

    private static void Check(JobProblem problem, string text)
    {
        Assert.Matches("^PAWL-[0-9]{3}$", problem.Code);
        Assert.DoesNotContain("c4n4ry", JsonSerializer.Serialize(problem) + problem.ToException());
        if (problem.Line == 0) return;
        Assert.InRange(problem.Line, 1, text.Length + 1);
        if (problem.SourceLine is not { } line) return;
        Assert.True(problem.Column >= 1 && problem.Column <= line.Length + 1 && problem.CaretLength >= 1);
        Assert.True(problem.Column - 1 + problem.CaretLength <= Math.Max(line.Length, problem.Column), "the caret leaves the line");
    }

    private static string Mutated(Random random, string text, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(0, 12), text.Length - at);
            text = random.Next(5) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, text.Substring(at, length)),
                2 => text.Insert(at, ((char)random.Next(1, 0x250)).ToString()),
                3 => text.Remove(at, length).Insert(random.Next(text.Length - length + 1), text.Substring(at, length)),
                _ => text.Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
        }
        return text;
    }
}
