using System.Text.Json;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobSecretTests
{
    private const string Secret = "s3cr3t-c4n4ry";

    [Theory]
    [InlineData("postgres://etl:${PW}@dw/wh", "p@ss:w/o?rd&x=%41", "p@ss:w/o?rd&x=%41", "postgres://etl@dw/wh")]
    [InlineData("postgres://etl:a${PW}b@dw/wh", "X", "aXb", "postgres://etl@dw/wh")]
    [InlineData("postgres://etl:$${PW}@dw/wh", "X", "${PW}", "postgres://etl@dw/wh")]
    [InlineData("postgres://${PW}@dw/wh", "X", null, "postgres://${PW}@dw/wh")]
    [InlineData("postgres://u@${PW}:${PW}/${PW}?x=${PW}&sslpassword=${PW}", "5", null,
        "postgres://u@${PW}:5/${PW}?x=${PW}&sslpassword=***")]
    [InlineData("${PW}", "postgres://u:hidden@h/d?sslpassword=k", "hidden", "postgres://u@h/d?sslpassword=***")]
    [InlineData("${PW}/d?x=1", "postgres://u:hidden@h", "hidden", "postgres://u@h/d?x=1")]
    public void A_placeholder_fills_its_own_place_and_is_not_shown(string url, string value, string? password, string display)
    {
        var at = JobText.Endpoint(url, new() { ["PW"] = value }).Endpoint!;
        Assert.Equal((password, display), (at.Password, at.Display));
    }

    [Fact]
    public void A_path_with_a_placeholder_is_whole_inside_and_named_outside()
    {
        var at = JobText.Endpoint("sqlite:${DIR}/shop.db", new() { ["DIR"] = "a?b%41" }).Endpoint!;
        Assert.Equal(("/jobs/a?b%41/shop.db", "sqlite:/jobs/${DIR}/shop.db"), (at.Path, at.Display));
    }

    [Theory]
    [InlineData("postgres://u:${NOPE}@h/d", Codes.SecretMissing, JobReasons.NotSet, "${NOPE}")]
    [InlineData("postgres://u:${EMPTY}@h/d", Codes.SecretMissing, JobReasons.Empty, "${EMPTY}")]
    [InlineData("${NOPE}", Codes.SecretMissing, JobReasons.NotSet, "${NOPE}")]
    [InlineData("sqlite:${}", Codes.JobValueInvalid, JobReasons.Placeholder, "${}")]
    [InlineData("sqlite:${1A}", Codes.JobValueInvalid, JobReasons.Placeholder, "${1A}")]
    [InlineData("sqlite:${A-B}", Codes.JobValueInvalid, JobReasons.Placeholder, "${A-B}")]
    [InlineData("sqlite:${file:}", Codes.JobValueInvalid, JobReasons.Placeholder, "${file:}")]
    [InlineData("sqlite:${A", Codes.JobValueInvalid, JobReasons.Placeholder, "${A")]
    [InlineData("sqlite:${file:/no/such/file}", Codes.SecretMissing, JobReasons.FileAbsent, "${file:/no/such/file}")]
    public void A_secret_that_is_not_there_is_told_at_its_place(string url, string code, string reason, string marked)
    {
        var text = $"version: 1\nname: n\nsource: \"{url}\"\ntarget: sqlite:b.db\ntables: [a]\n";
        var problem = JobText.Problem(text, new() { ["EMPTY"] = "" });
        Assert.Equal((code, reason, 3), (problem.Code, problem.Details["reason"], problem.Line));
        Assert.Equal((marked, "source"), (problem.Marked(), problem.Field));
    }

    [Fact]
    public void A_place_for_no_secret_takes_no_placeholder()
    {
        var problem = JobText.Problem(JobText.Head + "tables:\n  a: {transform: {where: \"t = '${KEY}'\"}}\n", new() { ["KEY"] = Secret });
        Assert.Equal((Codes.JobValueInvalid, JobReasons.PlaceholderHere), (problem.Code, problem.Details["reason"]));
        Assert.Equal(("${KEY}", "$${KEY}"), (problem.Marked(), problem.Suggestion));
        Assert.Equal("t = '${KEY}'", JobText.Job(JobText.Head + "tables:\n  a: {transform: {where: \"t = '$${KEY}'\"}}\n").Tables[0].Where);
    }

    /// <summary>Addresses that go wrong in every way, with the secret in every place.</summary>
    public static TheoryData<string> Addresses => new(
        from shape in (string[])
        [
            "{0}", "postgres://u:{0}@h/d", "postgres://u:{0}@h:bad/d", "postgres://u:{0}/x@h/d", "postgres://{0}", "postgres://h:{0}/d",
            "postgres://h/{0}%00",
            "postgres://h/d?sslpassword={0}", "postgres://h/d?sslpassword={0}&sslpassword={0}", "postgres://h/d?ssl_password={0}",
            "postgres://u:{0}@h/d?nope=1", "sqlite:x?key={0}", "sqlite:x?key={0}%09", "sqlite:x?password={0}", "sqlit://u:{0}@h",
            "u:{0}@h/d", "sqlite:b.db?key={0}",
            "postgres://u:{0}%zz@h/d", "postgres://u:{0}%FF@h/d",
        ]
        from way in (string[])["env", "literal", "whole"]
        where way != "literal" || shape.Contains("key=") || shape.Contains("password=") || shape.Contains("://u:{0}")
        select way + " " + shape);

    [Theory]
    [MemberData(nameof(Addresses))]
    public void A_secret_never_leaves_in_any_problem_display_or_exception(string wayAndShape)
    {
        var (way, shape) = (wayAndShape.Split(' ')[0], wayAndShape.Split(' ')[1]);
        foreach (var secret in (string[])[Secret, $"x:{Secret}@y", $"{Secret}?a=b", $"{Secret}://", $"a/{Secret}", $"{Secret}\n\t\0"])
        {
            var url = string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, way == "env" ? "${S}" : secret);
            if (way == "literal" && secret != Secret) continue;
            var environment = new Dictionary<string, string> { ["S"] = secret, ["WHOLE"] = url };
            var written = JsonSerializer.Serialize(way == "whole" ? "${WHOLE}" : url, new JsonSerializerOptions
            {
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            });
            var text = $"version: 1\nname: n\nsource: sqlite:a.db\ntarget: {written}\ntables: [a]\nextra: 1\n";
            var result = JobText.Parse(text, environment);
            Assert.Null(result.Job);
            foreach (var problem in result.Problems) AssertSilent(JsonSerializer.Serialize(problem), problem.ToException().ToString());
            var endpoint = JobText.Endpoint(way == "whole" ? "${WHOLE}" : url, environment);
            foreach (var p in endpoint.Problems) AssertSilent(p.ToException("to").ToString(), JsonSerializer.Serialize(p));
            // A whole address in a variable is shown without its secrets; what is neither password nor secret option is no secret in it.
            if (way != "whole" || !shape.StartsWith("postgres://h/{0}", StringComparison.Ordinal) && shape != "postgres://{0}")
                AssertSilent(endpoint.Endpoint?.Display ?? "", endpoint.Endpoint?.ToString() ?? "");
        }
    }

    [Theory]
    [InlineData("source: {0}u:{1}@h/d # x", "nmae: 1")]
    [InlineData("{{source: \"postgres://u:{1}@h/d\", nmae: 1}}", "")]
    [InlineData("pasword: 1\npassword: {1}", "")]
    [InlineData("token: '{1} and more'", "")]
    [InlineData("source: postgres://h/d?sslpasword={1}", "")]
    [InlineData("source: postgres://h/d?sslpassword={1}&nope=1", "")]
    [InlineData("source: [postgres://u:{1}@h/d]", "")]
    [InlineData("source: postgres://u:{1}@h/d: x", "")]
    public void A_secret_written_in_the_file_is_starred_in_the_line_that_is_shown(string line, string more)
    {
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, line, "postgres://", Secret);
        var problems = JobText.Parse(text + "\n" + more + "\n").Problems;
        Assert.NotEmpty(problems);
        foreach (var problem in problems)
        {
            AssertSilent(JsonSerializer.Serialize(problem), problem.ToException().ToString());
            if (problem.SourceLine is { } shown) Assert.Equal((text + "\n" + more).Split('\n')[problem.Line - 1].Length, shown.Length);
        }
    }

    private static void AssertSilent(params string[] texts) =>
        Assert.All(texts, t => Assert.DoesNotContain("c4n4ry", t, StringComparison.OrdinalIgnoreCase));
}
