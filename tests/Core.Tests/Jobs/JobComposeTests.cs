using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobComposeTests
{
    [Fact]
    public void A_new_job_is_short_and_reads_back_as_what_was_asked_for()
    {
        var made = Compose("sqlite:shop.db", "sqlite:out/warehouse.db?busy=10s", ["orders", "item*"]);
        Assert.Empty(made.Secrets);
        Assert.True(made.Text.Split('\n').Length < 16, made.Text);
        var job = JobText.Job(made.Text);
        var written = JobText.Job("""
            version: 1
            name: shop-to-warehouse
            source: sqlite:shop.db
            target: sqlite:out/warehouse.db?busy=10s
            tables: [orders, item*]
            """);
        Assert.Equal(JobFieldDocsTests.Shape(written), JobFieldDocsTests.Shape(job));
    }

    [Fact]
    public void No_tables_means_all_of_them() =>
        Assert.Equal("*", JobText.Job(Compose("sqlite:a.db", "sqlite:b.db", []).Text).Tables[0].Pattern.Text);

    [Fact]
    public void Passwords_and_secret_options_become_placeholders_and_are_named()
    {
        var made = Compose("postgres://u:p%40w@h/d?sslpassword=k3y&tls=off", "sqlite:b.db?key=k4y&busy=1s", ["a"]);
        Assert.Equal(
            [("SOURCE_PASSWORD", "source", "password"), ("SOURCE_SSLPASSWORD", "source", "sslpassword"), ("TARGET_KEY", "target", "key")],
            made.Secrets.Select(s => (s.Variable, s.Field, s.What)));
        Assert.All((string[])["p%40w", "p@w", "k3y", "k4y"], s => Assert.DoesNotContain(s, made.Text));
        var job = JobText.Job(made.Text, new() { ["SOURCE_PASSWORD"] = "p@w", ["SOURCE_SSLPASSWORD"] = "k3y", ["TARGET_KEY"] = "k4y" });
        var asked = JobText.Endpoint("postgres://u:p%40w@h/d?sslpassword=k3y&tls=off").Endpoint!;
        Assert.Equal(JobFieldDocsTests.Shape(asked), JobFieldDocsTests.Shape(job.Source));
        Assert.Equal("k4y", job.Target.Options["key"]);
    }

    [Fact]
    public void Placeholders_that_are_there_already_stay()
    {
        var values = new Dictionary<string, string> { ["URL"] = "postgres://u:pw@h/d", ["PW"] = "x" };
        var made = Compose("${URL}", "postgres://v:${PW}@h/e", ["a"], values);
        Assert.Empty(made.Secrets);
        Assert.DoesNotContain("pw@", made.Text);
        var job = JobText.Job(made.Text, values);
        Assert.Equal(("pw", "x", "source-to-target"), (job.Source.Password, job.Target.Password, job.Name));
    }

    [Theory]
    [InlineData("it's \"quoted\"")]
    [InlineData("with spaces: and # marks")]
    [InlineData("😀 顧客")]
    [InlineData("null")]
    [InlineData("123")]
    [InlineData("- a")]
    [InlineData("${NOT_A_SECRET}")]
    [InlineData("*\\*?")]
    [InlineData("back\\slash")]
    [InlineData("a-name-of-more-than-sixty-four-bytes-that-ends-in-a-letter-of-its-own-é")]
    [InlineData("{a: b}")]
    [InlineData("%TAG")]
    [InlineData("a:")]
    [InlineData("~")]
    public void Odd_names_read_back_as_they_are(string name)
    {
        var made = JobFile.Compose("sqlite:a.db", "sqlite:b.db", [name], JobText.Folder, _ => null, JobText.Connectors, name, "zh-CN");
        var job = JobText.Job(made.Text);
        Assert.Equal((name, name), (job.Name, job.Tables[0].Pattern.Text));
    }

    [Theory]
    [InlineData("nope:a.db", "sqlite:b.db", "a", Codes.SchemeUnknown, "source")]
    [InlineData("sqlite:a.db", "sqlite:b.db?x=1", "a", Codes.OptionUnknown, "target")]
    [InlineData("sqlite:a.db", "sqlite:./a.db", "a", Codes.SourceIsTarget, "target")]
    [InlineData("sqlite:a.db", "${UNSET}", "a", Codes.SecretMissing, "target")]
    [InlineData("sqlite:a.db", "sqlite:b.db", "a\nb", Codes.JobValueInvalid, "tables.a\nb")]
    [InlineData("sqlite:a.db", "sqlite:b.db", "pawl_job", Codes.ReservedName, "tables.pawl_job")]
    public void What_would_make_no_job_is_a_fault(string source, string target, string table, string code, string field)
    {
        var error = Assert.Throws<PawlException>(() => Compose(source, target, [table]));
        Assert.Equal((Fault.Configuration, code, field), (error.Fault, error.Code, error.Details["field"]));
    }

    private static ComposedJob Compose(string source, string target, string[] tables, Dictionary<string, string>? environment = null) =>
        JobFile.Compose(source, target, tables, JobText.Folder, n => environment?.GetValueOrDefault(n), JobText.Connectors);
}
