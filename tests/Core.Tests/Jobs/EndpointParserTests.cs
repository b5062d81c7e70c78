using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class EndpointParserTests
{
    [Theory]
    [InlineData("sqlite:shop.db", "/jobs/shop.db")]
    [InlineData("sqlite:dir/with space.db", "/jobs/dir/with space.db")]
    [InlineData("sqlite:../x.db", "/x.db")]
    [InlineData("sqlite:/abs/x.db", "/abs/x.db")]
    [InlineData("sqlite:///abs/x.db", "/abs/x.db")]
    [InlineData("SQLite:a%3Fb%25c.db", "/jobs/a?b%c.db")]
    [InlineData("sqlite:a#b@c:d.db", "/jobs/a#b@c:d.db")]
    [InlineData("sqlite:店/😀'\".db", "/jobs/店/😀'\".db")]
    [InlineData("sqlite:%F0%9F%98%80.db", "/jobs/😀.db")]
    public void A_file_path_is_made_absolute_and_decoded(string url, string path)
    {
        var at = JobText.Endpoint(url).Endpoint!;
        Assert.Equal(("sqlite", path, null, null), (at.Scheme, at.Path, at.Host, at.User));
        Assert.Equal("sqlite:" + path, at.Display);
        Assert.Equal(at.Display, at.ToString());
    }

    [Theory]
    [InlineData("postgres://user:p%40w@host:5432/db?x=y", "user", "p@w", "host", 5432, "db", "postgres://user@host:5432/db?x=y")]
    [InlineData("postgresql://host", null, null, "host", null, "", "postgresql://host")]
    [InlineData("postgres://host/", null, null, "host", null, "", "postgres://host")]
    [InlineData("postgres://u@[::1]:5/d", "u", null, "::1", 5, "d", "postgres://u@[::1]:5/d")]
    [InlineData("postgres://u:a@b:c@h/d", "u", "a@b:c", "h", null, "d", "postgres://u@h/d")]
    [InlineData("postgres://:pw@h/d", null, "pw", "h", null, "d", "postgres://h/d")]
    [InlineData("postgres://u:@h/d", "u", "", "h", null, "d", "postgres://u@h/d")]
    [InlineData("postgres://%2Fvar%2Frun/d", null, null, "/var/run", null, "d", "postgres:///var/run/d")]
    public void A_server_has_user_host_port_and_database(
        string url, string? user, string? password, string host, int? port, string database, string display)
    {
        var at = JobText.Endpoint(url).Endpoint!;
        Assert.Equal((user, password, host), (at.User, at.Password, at.Host));
        Assert.Equal((port, database, display), (at.Port, at.Path, at.Display));
    }

    [Theory]
    [InlineData("sqlit:a.db", Codes.SchemeUnknown, null, "sqlite")]
    [InlineData("mongo://h/d", Codes.SchemeUnknown, null, null)]
    [InlineData("1x:a.db", Codes.SchemeUnknown, JobReasons.NoScheme, null)]
    [InlineData(":a.db", Codes.SchemeUnknown, JobReasons.NoScheme, null)]
    [InlineData("dir/a.db", Codes.SchemeUnknown, JobReasons.NoScheme, null)]
    [InlineData("shop", Codes.ConnectionUnknown, null, null)]
    [InlineData("sqlite:", Codes.JobValueInvalid, JobReasons.NoPath, null)]
    [InlineData("sqlite://", Codes.JobValueInvalid, JobReasons.NoPath, null)]
    [InlineData("sqlite:?busy=1s", Codes.JobValueInvalid, JobReasons.NoPath, null)]
    [InlineData("sqlite:a%00.db", Codes.JobValueInvalid, JobReasons.ControlCharacter, null)]
    [InlineData("sqlite:a%0A.db", Codes.JobValueInvalid, JobReasons.ControlCharacter, null)]
    [InlineData("sqlite:a%2", Codes.JobValueInvalid, JobReasons.Percent, null)]
    [InlineData("sqlite:a%zz", Codes.JobValueInvalid, JobReasons.Percent, null)]
    [InlineData("sqlite:a%+1", Codes.JobValueInvalid, JobReasons.Percent, null)]
    [InlineData("sqlite:a%FF", Codes.JobValueInvalid, JobReasons.Percent, null)]
    [InlineData("postgres://h:0/d", Codes.JobValueInvalid, JobReasons.Port, null)]
    [InlineData("postgres://h:65536/d", Codes.JobValueInvalid, JobReasons.Port, null)]
    [InlineData("postgres://h:x/d", Codes.JobValueInvalid, JobReasons.Port, null)]
    [InlineData("postgres://h:/d", Codes.JobValueInvalid, JobReasons.Port, null)]
    [InlineData("postgres://[::1]5/d", Codes.JobValueInvalid, JobReasons.Port, null)]
    [InlineData("postgres://[x]/d", Codes.JobValueInvalid, JobReasons.Host, null)]
    [InlineData("postgres://u@/d", Codes.JobValueInvalid, JobReasons.Host, null)]
    [InlineData("postgres://a b/d", Codes.JobValueInvalid, JobReasons.Host, null)]
    [InlineData("postgres://u:12/3@h/d", Codes.JobValueInvalid, JobReasons.AtSign, null)]
    [InlineData("postgres://u:12?3@h/d", Codes.JobValueInvalid, JobReasons.AtSign, null)]
    [InlineData("postgres://u:p%00@h/d", Codes.JobValueInvalid, JobReasons.ControlCharacter, null)]
    [InlineData("sqlite:a.db?bussy=1s", Codes.OptionUnknown, null, "busy")]
    [InlineData("sqlite:a.db?Busy=1s", Codes.OptionUnknown, null, "busy")]
    [InlineData("sqlite:a.db?busy%09=1s", Codes.OptionUnknown, null, "busy")]
    [InlineData("sqlite:a.db?tls=off", Codes.OptionUnknown, null, null)]
    [InlineData("sqlite:a.db?busy=1s&&journal=wal", Codes.OptionUnknown, null, null)]
    [InlineData("sqlite:a.db?busy=1s&busy=1s", Codes.OptionInvalid, JobReasons.DuplicateOption, null)]
    [InlineData("sqlite:a.db?busy", Codes.OptionInvalid, JobReasons.NoValue, null)]
    [InlineData("sqlite:a.db?busy=", Codes.OptionInvalid, JobReasons.NoValue, null)]
    [InlineData("sqlite:a.db?busy=%09", Codes.OptionInvalid, JobReasons.ControlCharacter, null)]
    [InlineData("sqlite:a.db?journal=wall", Codes.OptionInvalid, JobReasons.Choice, "wal")]
    [InlineData("sqlite:a.db?journal=WAL", Codes.OptionInvalid, JobReasons.Choice, "wal")]
    public void What_is_no_address_is_told(string url, string code, string? reason, string? suggestion)
    {
        var result = JobText.Endpoint(url);
        Assert.Null(result.Endpoint);
        var problem = Assert.Single(result.Problems);
        Assert.Equal((code, reason, suggestion), (problem.Code, problem.Reason, problem.Suggestion));
        Assert.Contains(problem.Part, url);
        Assert.Equal((Fault.Configuration, code), (problem.ToException("from").Fault, problem.ToException("from").Code));
    }

    [Fact]
    public void All_wrong_options_are_told() => Assert.Equal(
        [Codes.OptionUnknown, Codes.OptionInvalid], JobText.Endpoint("sqlite:a.db?bsy=1s&journal=x").Problems.Select(p => p.Code));

    [Fact]
    public void The_caret_stands_under_the_part_that_is_wrong()
    {
        var problem = JobText.Problem(JobText.Head.Replace("a.db", "a.db?journal=wal&bussy=1s") + "tables: [a]\n");
        Assert.Equal((3, 33, "bussy"), (problem.Line, problem.Column, problem.Marked()));
    }

    [Fact]
    public void One_file_is_not_source_and_target()
    {
        const string target = "sqlite:x/../a.db?busy=2s";
        var problem = JobText.Problem($"version: 1\nname: n\nsource: sqlite:a.db\ntarget: {target}\ntables: {{a: b}}\n");
        Assert.Equal((Codes.SourceIsTarget, "target", target), (problem.Code, problem.Field, problem.Marked()));
    }

    [Theory]
    [InlineData("postgres://u@Host:5432/d", "postgres://v:p@hOST:5432/d?tls=off", "{s.a: s.a}")]
    [InlineData("postgres://h/d", "postgresql://h/d", "[a]")]
    [InlineData("postgres://h/d", "postgres://h/d", "{a: public.a}")]
    [InlineData("postgres://h/d", "postgres://h/d", "{public.a: '{table}'}")]
    [InlineData("postgres://h/d", "postgres://h/d", "{s.a: '{schema}.{table}'}")]
    public void A_table_of_one_database_is_not_its_own_target(string source, string target, string tables)
    {
        var problem = JobText.Problem($"version: 1\nname: n\nsource: {source}\ntarget: {target}\ntables: {tables}\n");
        Assert.Equal((Codes.SourceIsTarget, problem.Marked()), (problem.Code, problem.Details["table"]));
    }

    [Theory]
    [InlineData("{a: b}")]
    [InlineData("{s.a: a}")]
    [InlineData("{s.a: 't.{table}'}")]
    [InlineData("{'s.*': {}}")]
    public void Another_table_of_the_same_database_may_be_the_target(string tables) =>
        JobText.Job($"version: 1\nname: n\nsource: postgres://h/d\ntarget: postgres://h/d\ntables: {tables}\n");

    [Theory]
    [InlineData("postgres://h:5432/d", "postgres://h:5433/d")]
    [InlineData("postgres://h/d", "postgres://h/e")]
    [InlineData("sqlite:a.db", "sqlite:A.db")]
    public void Other_places_are_other_places(string source, string target) =>
        JobText.Job($"version: 1\nname: n\nsource: {source}\ntarget: {target}\ntables: [a]\n");
}
