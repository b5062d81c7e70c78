using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobValueTests
{
    private const string Tables = JobText.Head + "tables: [a]\n";

    [Theory]
    [InlineData("parallel: 0", JobReasons.Range, "0", "1")]
    [InlineData("parallel: 65", JobReasons.Range, "65", "64")]
    [InlineData("parallel: 1.5", JobReasons.Unit, "1.5", "2")]
    [InlineData("parallel: many", JobReasons.Unit, "many", "2")]
    [InlineData("parallel:", JobReasons.Empty, "", null)]
    [InlineData("memory: 64", JobReasons.Range, "64", "16MB")]
    [InlineData("memory: 64 MB", JobReasons.Unit, "64 MB", "64MB")]
    [InlineData("memory: 64M", JobReasons.Unit, "64M", "64MB")]
    [InlineData("memory: 64MiB", JobReasons.Unit, "64MiB", "64MB")]
    [InlineData("memory: 65GB", JobReasons.Range, "65GB", "64GB")]
    [InlineData("defaults: {commit: {every: 5}}", JobReasons.Unit, "5", "5s")]
    [InlineData("defaults: {commit: {every: 5S}}", JobReasons.Unit, "5S", "5s")]
    [InlineData("defaults: {commit: {rows: 2m}}", JobReasons.Unit, "2m", "2M")]
    [InlineData("defaults: {commit: {rows: 50_000}}", JobReasons.Unit, "50_000", "50000")]
    [InlineData("defaults: {commit: {rows: 101M}}", JobReasons.Range, "101M", "100M")]
    [InlineData("defaults: {commit: {bytes: 1KB}}", JobReasons.Range, "1KB", "64KB")]
    [InlineData("defaults: {on_error: {retry: {times: 1001}}}", JobReasons.Range, "1001", "1000")]
    [InlineData("defaults: {on_error: {retry: {backoff: 5s}}}", JobReasons.Unit, "5s", "5s..1m")]
    [InlineData("defaults: {on_error: {retry: {backoff: 60s..1s}}}", JobReasons.RangeOrder, "60s..1s", "1s..1m")]
    [InlineData("defaults: {on_error: {retry: {backoff: 1s..2h}}}", JobReasons.Range, "1s..2h", "1s..60s")]
    [InlineData("defaults: {on_error: {mistyped: rejct}}", JobReasons.Choice, "rejct", "reject")]
    [InlineData("defaults: {write: upset}", JobReasons.Choice, "upset", "upsert")]
    [InlineData("schema: {create: yes}", JobReasons.Type, "yes", "true")]
    [InlineData("schema: {create: \"false\"}", JobReasons.Type, "\"false\"", "false")]
    [InlineData("verify: {after: always}", JobReasons.Choice, "always", null)]
    public void A_value_out_of_its_range_or_form_is_told_with_what_is_meant(string line, string reason, string value, string? suggestion)
    {
        var problem = JobText.Problem(Tables + line + "\n");
        Assert.Equal((Codes.JobValueInvalid, reason, 6), (problem.Code, problem.Details["reason"], problem.Line));
        Assert.Equal((value, suggestion), (problem.Details["value"], problem.Suggestion));
        if (value.Length > 0) Assert.Equal(value, problem.Marked());
        Assert.False(string.IsNullOrEmpty(problem.Details["expected"]));
    }

    [Theory]
    [InlineData("defaults: 1", "map", "text")]
    [InlineData("defaults: []", "map", "list")]
    [InlineData("memory: {a: 1}", "16MB..64GB", "map")]
    [InlineData("was: {a: 1}", "text", "map")]
    [InlineData("transform: {rename: [a]}", "map", "list")]
    [InlineData("transform: {rename: {a: [b]}}", "text", "list")]
    [InlineData("transform: {set: {a: [b]}}", "constant", "list")]
    [InlineData("transform: {select: [[a]]}", "text", "list")]
    [InlineData("transform: {where: [a]}", "text", "list")]
    public void A_value_of_the_wrong_shape_says_what_it_is_and_should_be(string line, string expected, string found)
    {
        var problem = JobText.Problem(Tables + line + "\n");
        Assert.Equal((Codes.JobValueInvalid, JobReasons.Type), (problem.Code, problem.Details["reason"]));
        Assert.Equal((expected, found), (problem.Details["expected"], problem.Details["found"]));
    }

    [Theory]
    [InlineData("tables: {}")]
    [InlineData("tables: []")]
    [InlineData("tables:")]
    [InlineData("tables: orders")]
    [InlineData("tables: {a: [b]}")]
    [InlineData("tables: [[a]]")]
    [InlineData("tables: [a, a]")]
    [InlineData("tables: [\"\"]")]
    [InlineData("tables: {\" \": x}")]
    [InlineData("tables: {\"a\\0b\": x}")]
    [InlineData("tables: {\"a\\nb\": x}")]
    [InlineData("tables: {\"${A}\": x}")]
    [InlineData("tables: {a: \"\"}")]
    [InlineData("tables: {a: \"{tabel}\"}")]
    [InlineData("tables: {a: {target: \"x}\"}}")]
    [InlineData("tables: {a: {splits: 4097}}")]
    [InlineData("tables: {a: {transform: {where: \" \"}}}")]
    [InlineData("tables: {a: {transform: {set: {x: 9223372036854775808}}}}")]
    [InlineData("tables: {a: {transform: {set: {x: 0xffffffffffffffff}}}}")]
    [InlineData("tables: {a: {transform: {set: {x: \"${A}\"}}}}")]
    public void Tables_that_say_nothing_usable_are_refused(string line)
    {
        var problem = JobText.Problem(JobText.Head + line + "\n");
        Assert.Equal((Codes.JobValueInvalid, 5), (problem.Code, problem.Line));
    }

    [Theory]
    [InlineData(10_001, "t", 6)]
    [InlineData(501, "*t", 506)]
    public void More_tables_or_globs_than_can_be_kept_apart_are_refused(int count, string name, int line)
    {
        var text = JobText.Head + "tables:\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"  '{name}{i}': {{}}\n"));
        var problem = JobText.Problem(text);
        Assert.Equal((Codes.JobValueInvalid, JobReasons.TooMany), (problem.Code, problem.Details["reason"]));
        Assert.Equal(line, problem.Line);
    }

    [Theory]
    [InlineData("{select: [a, b], drop: [b]}", "transform.drop", "b")]
    [InlineData("{select: [a], rename: {c: d}}", "transform.rename.c", "c")]
    [InlineData("{drop: [c], rename: {c: d}}", "transform.rename.c", "c")]
    [InlineData("{rename: {a: x, b: x}}", "transform.rename.b", "x")]
    public void Columns_that_contradict_each_other_are_told_once(string transform, string field, string column)
    {
        var problem = JobText.Problem(JobText.Head + "tables: [t1, t2, t3]\ntransform: " + transform + "\n");
        Assert.Equal((Codes.JobValueInvalid, JobReasons.ColumnConflict), (problem.Code, problem.Details["reason"]));
        Assert.Equal((field, column), (problem.Field, problem.Details["column"]));
    }

    [Theory]
    [InlineData("nmae: x", "nmae", "name")]
    [InlineData("Parallel: 2", "Parallel", "parallel")]
    [InlineData("run-budget: 2", "run-budget", "defaults.on_error.retry.run_budget")]
    [InlineData("reject_limit: 2", "reject_limit", "defaults.on_error.reject_limit")]
    [InlineData("defaults: {reject_limit: 2}", "reject_limit", "on_error.reject_limit")]
    [InlineData("defaults: {on_error: {rety: {}}}", "rety", "retry")]
    [InlineData("defaults: {commit: {row: 5}}", "row", "rows")]
    [InlineData("transform: {\"where.x\": 5}", "\"where.x\"", "where")]
    [InlineData("transform: {'*': 5}", "'*'", null)]
    [InlineData("bananas: 5", "bananas", null)]
    [InlineData("\"\": 5", "\"\"", null)]
    [InlineData("defaults.write: upsert", "defaults.write", null)]
    public void An_unknown_field_is_told_with_what_is_meant(string line, string marked, string? suggestion)
    {
        var problem = JobText.Problem(Tables + line + "\n");
        Assert.Equal((Codes.JobFieldUnknown, 6, marked), (problem.Code, problem.Line, problem.Marked()));
        Assert.Equal(suggestion, problem.Suggestion);
        Assert.Equal(marked.Trim('"', '\''), problem.Details["name"]);
    }

    [Fact]
    public void A_field_of_another_place_is_found_under_the_table()
    {
        var problem = JobText.Problem(JobText.Head + "tables:\n  orders: {where: a > 1}\n");
        Assert.Equal((Codes.JobFieldUnknown, "tables.orders.where", "transform.where"), (problem.Code, problem.Field, problem.Suggestion));
    }

    [Theory]
    [InlineData("notify: [{to: x}]", "notify", "notifications")]
    [InlineData("schedule: {cron: x}", "schedule", "schedules")]
    [InlineData("defaults: {mode: cdc}", "cdc", "mode: cdc")]
    [InlineData("defaults: {mode: snapshot+cdc}", "snapshot+cdc", "mode: snapshot+cdc")]
    [InlineData("verify: {level: rows}", "rows", "level: rows")]
    [InlineData("verify: {on_diff: repair}", "repair", "on_diff: repair")]
    [InlineData("transform: {mask: x}", "mask", "masking")]
    [InlineData("transform: {sql: x}", "sql", "sql transforms")]
    [InlineData("transform: {python: x}", "python", "scripts")]
    [InlineData("transform: {javascript: x}", "javascript", "scripts")]
    public void What_is_known_but_not_there_yet_is_told_as_such(string line, string marked, string capability)
    {
        var problem = JobText.Problem(Tables + line + "\n");
        Assert.Equal((Codes.JobFieldLater, marked, capability), (problem.Code, problem.Marked(), problem.Details["capability"]));
    }

    [Theory]
    [InlineData("parallel")]
    [InlineData("commit")]
    [InlineData("deletes")]
    public void Settings_of_a_table_that_are_not_there_yet_are_told_as_such(string name) =>
        Assert.Equal(Codes.JobFieldLater, JobText.Problem(JobText.Head + $"tables: {{a: {{{name}: 1}}}}\n").Code);

    [Theory]
    [InlineData("{allow_empty: true}", JobReasons.NeedsReplace)]
    [InlineData("{mode: incremental, cursor: id, write: replace}", JobReasons.NeedsSnapshot)]
    [InlineData("{cursor: id}", JobReasons.NeedsIncremental)]
    [InlineData("{overlap: 5m}", JobReasons.NeedsIncremental)]
    [InlineData("{mode: incremental}", JobReasons.NeedsCursor)]
    [InlineData("{mode: incremental, cursor: []}", JobReasons.NeedsCursor)]
    [InlineData("{mode: incremental, cursor: id, zone: Asia/Shanghai}", JobReasons.Zone)]
    [InlineData("{mode: incremental, cursor: id, zone: '+15:00'}", JobReasons.Zone)]
    public void An_incremental_table_that_lacks_something_is_told_what(string table, string reason)
    {
        var problem = JobText.Problem(JobText.Head + $"tables: {{a: {table}}}\n");
        Assert.Equal((Codes.JobValueInvalid, reason), (problem.Code, problem.Details["reason"]));
    }

    [Fact]
    public void A_table_may_be_a_snapshot_beside_incremental_ones_and_takes_the_cursor_of_a_wider_entry()
    {
        var job = JobText.Job(JobText.Head + """
            defaults: {mode: incremental, cursor: [at, id], overlap: 90s, lag: 10m, zone: "-03:30"}
            tables: {a: {mode: snapshot}, b: {}, c: {cursor: id, overlap: 0s}}
            """);
        Assert.Null(job.Tables[0].Cursor);
        var (minute, zone) = (TimeSpan.FromMinutes(1), -TimeSpan.FromHours(3.5));
        var (inherited, own) = (job.Tables[1].Cursor!, job.Tables[2].Cursor!);
        Assert.Equal(("at, id", 1.5 * minute, 10 * minute, zone),
            (string.Join(", ", inherited.Columns), inherited.Overlap, inherited.Lag, inherited.Zone));
        Assert.Equal(("id", TimeSpan.Zero), (string.Join(", ", own.Columns), own.Overlap));
    }

    [Theory]
    [InlineData("version: 1\nname: n\nsource: sqlite:a.db\ntables: [a]\n", "target")]
    [InlineData("version: 1\nname: n\ntarget: sqlite:a.db\ntables: [a]\n", "source")]
    [InlineData("version: 1\nname: n\nsource: sqlite:a.db\ntarget: sqlite:b.db\n", "tables")]
    [InlineData("name: n\nsource: sqlite:a.db\ntarget: sqlite:b.db\ntables: [a]\n", "version")]
    public void A_missing_field_is_named_with_a_line_to_write(string text, string field)
    {
        var problem = JobText.Problem(text);
        Assert.Equal((Codes.JobFieldMissing, field, 0), (problem.Code, problem.Field, problem.Line));
        Assert.StartsWith(field + ": ", problem.Suggestion);
    }

    [Fact]
    public void Where_a_row_comes_from_is_told_by_a_column()
    {
        var schemas = JobText.Head.Replace("sqlite:a.db", "postgres://h/d");
        var rule = JobText.Job(schemas + "tables: {'shop_*.t': {target: t, source_column: shard}}\n").Tables[0];
        Assert.Equal(("shard", "{schema}.{table}"), (rule.SourceColumn, rule.SourceValue));
        var two = JobText.Job(schemas + "tables: {'*': {source_column: shard, source_value: '{schema}'}, s.t: t, u.t: t}\n").Tables;
        Assert.Equal(["{schema}", "{schema}", "{schema}"], two.Select(r => r.SourceValue));
        (string Text, string Reason)[] wrong =
        [
            ("source_column: shard, source_value: '{shop}'", JobReasons.SourceTemplate), ("source_value: x", JobReasons.NeedsSourceColumn),
            ("source_column: shard, transform: {set: {shard: 1}}", JobReasons.ColumnConflict),
        ];
        foreach (var (text, reason) in wrong)
        {
            var problem = JobText.Problem(schemas + $"tables: {{s.t: {{{text}}}}}\n");
            Assert.Equal((Codes.JobValueInvalid, reason), (problem.Code, problem.Details["reason"]));
        }
    }

    [Fact]
    public void Two_tables_for_one_target_are_told_at_the_second()
    {
        var problem = JobText.Problem(JobText.Head + "tables:\n  a: x\n  b: {write: insert}\n  c: x\n");
        Assert.Equal((Codes.TargetClash, 8, 6, "x"), (problem.Code, problem.Line, problem.Column, problem.Marked()));
        Assert.Equal(("a", "c", "6"), (problem.Details["other"], problem.Details["table"], problem.Details["line"]));
        Assert.Equal(Codes.TargetClash, JobText.Problem(JobText.Head + "tables:\n  a: {}\n  b: a\n").Code);
        var schemas = JobText.Head.Replace("sqlite:a.db", "postgres://h/d");
        Assert.Equal(Codes.TargetClash, JobText.Problem(schemas + "tables: [s.a, t.a]\n").Code);
        JobText.Job(JobText.Head + "tables: [s.a, t.a]\n");
    }

    [Theory]
    [InlineData("tables: [pawl_job]")]
    [InlineData("tables: {a: pawl_x}")]
    [InlineData("tables: {a: dw.PAWL_x}")]
    [InlineData("tables: {'*': 'pawl_{table}'}")]
    public void Names_that_Pawl_keeps_for_itself_are_refused(string line) =>
        Assert.Equal(Codes.ReservedName, JobText.Problem(JobText.Head + line + "\n").Code);

    [Fact]
    public void A_problem_becomes_a_fault_with_its_place_and_arguments()
    {
        var error = JobText.Problem(Tables + "paralel: 2\n").ToException();
        Assert.Equal((Fault.Configuration, Codes.JobFieldUnknown), (error.Fault, error.Code));
        Assert.Equal(("/jobs/job.yaml", "6", "1"), (error.Details["file"], error.Details["line"], error.Details["column"]));
        Assert.Equal(("paralel", "parallel"), (error.Details["name"], error.Details["suggestion"]));
    }
}
