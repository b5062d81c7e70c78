using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class JobMergeTests
{
    [Fact]
    public void Maps_merge_and_lists_and_single_values_replace_from_wide_to_narrow()
    {
        var job = JobText.Job(JobText.Head + """
            transform: {where: a, drop: [x], rename: {c: d}, set: {k: 0, top: 1}}
            defaults: {write: upsert, on_error: {reject_limit: 7, mistyped: stop}, transform: {set: {k: 1, def: 2}}}
            tables:
              o1: {transform: {drop: [z], set: {k: 4}}, on_error: {reject_limit: 9}}
              o*: {target: "dw_{table}", transform: {where: b, set: {k: 3}}}
              "*": {write: insert, splits: 3, transform: {rename: {e: f}, set: {k: 2}}}
            """);
        var rule = job.Tables[0];
        Assert.Equal("o1", rule.Pattern.Text);
        Assert.Equal(("dw_{table}", WriteMode.Insert, (int?)3), (rule.Target, rule.Write, rule.Splits));
        Assert.Equal((9L, StrayPolicy.Stop, "b"), (rule.RejectLimit, rule.Strays, rule.Where));
        Assert.Equal(["z"], rule.Drop);
        Assert.Equal([("c", "d"), ("e", "f")], rule.Rename.Select(r => (r.Key, r.Value)));
        Assert.Equal([("k", 4L), ("top", 1L), ("def", 2L)], rule.Set.Select(s => (s.Key, (long)s.Value!)));
        Assert.Equal(["x"], job.Tables[1].Drop);
        Assert.Equal(3L, job.Tables[1].Set["k"]);
        Assert.Equal("a", job.Tables[2].Where);
        Assert.Equal("{table}", job.Tables[2].Target);
    }

    [Fact]
    public void An_entry_takes_nothing_from_one_that_only_overlaps_it()
    {
        var job = JobText.Job(JobText.Head + "tables:\n  a*: {write: upsert}\n  '*b': {splits: 2}\n  c: {write: append}\n");
        Assert.Equal([(WriteMode.Upsert, null), (WriteMode.Insert, 2), (WriteMode.Append, null)], job.Tables.Select(t => (t.Write, t.Splits)));
    }

    [Fact]
    public void An_inherited_exclusion_does_not_leave_out_the_entry_itself()
    {
        var job = JobText.Job(JobText.Head + """
            tables:
              '*': {exclude: [tmp_*, '*_old']}
              tmp_keep: {}
              tmp_?_*: {}
              tmp_z*: {exclude: tmp_zz}
              a*: {}
            """);
        Assert.Equal(["tmp_*,*_old", "*_old", "*_old", "tmp_zz", "tmp_*,*_old"],
            job.Tables.Select(t => string.Join(',', t.Exclude.Select(e => e.Text))));
        Assert.Equal("tmp_keep", TableRules.Resolve(job.Tables, "tmp_keep")!.Pattern.Text);
        Assert.Null(TableRules.Resolve(job.Tables, "tmp_zz"));
        Assert.Null(TableRules.Resolve(job.Tables, "b_old"));
    }

    [Fact]
    public void Tables_may_be_a_list_of_patterns_and_entries_may_be_empty()
    {
        var job = JobText.Job(JobText.Head + "tables: [orders, 'x *', 2024]\n");
        Assert.Equal(["orders", "x *", "2024"], job.Tables.Select(t => t.Pattern.Text));
        Assert.All(job.Tables, t => Assert.Equal((5, "{table}"), (t.Line, t.Target)));
        Assert.Equal("{table}", JobText.Job(JobText.Head + "tables:\n  orders:\n").Tables[0].Target);
    }

    [Fact]
    public void Never_verifying_wins_over_any_level()
    {
        Assert.Equal(VerifyLevel.None, JobText.Job(JobText.Head + "tables: [a]\nverify: {after: never, level: digest}\n").VerifyAfterRun);
        Assert.Equal(VerifyLevel.Digest, JobText.Job(JobText.Head + "tables: [a]\nverify: {level: digest}\n").VerifyAfterRun);
    }

    [Theory]
    [InlineData("it's \"quoted\"", "'it''s \"quoted\"'")]
    [InlineData("name with spaces", "name with spaces")]
    [InlineData("😀 顧客", "\"\\U0001F600 顧客\"")]
    [InlineData("#hash: yes", "'#hash: yes'")]
    [InlineData("null", "'null'")]
    [InlineData("true", "true")]
    [InlineData("a.b.c", "a.b.c")]
    [InlineData("${x}", "$${x}")]
    [InlineData("back\\slash", "back\\slash")]
    [InlineData("a-name-of-more-than-sixty-four-bytes-that-ends-in-a-letter-of-its-own-é",
        "a-name-of-more-than-sixty-four-bytes-that-ends-in-a-letter-of-its-own-é")]
    public void Odd_names_arrive_as_they_are(string name, string written)
    {
        var job = JobText.Job(JobText.Head + $"tables:\n  {written}:\n    transform:\n      rename:\n        {written}: x\n");
        Assert.Equal(name, job.Tables[0].Pattern.Text);
        Assert.Equal("x", job.Tables[0].Rename[name]);
    }

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("-7", -7L)]
    [InlineData("+7", 7L)]
    [InlineData("0o17", 15L)]
    [InlineData("0xff", 255L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("1.50", 1.5)]
    [InlineData("-.5", -0.5)]
    [InlineData("1e3", 1000.0)]
    [InlineData(".inf", double.PositiveInfinity)]
    [InlineData("-.inf", double.NegativeInfinity)]
    [InlineData(".nan", double.NaN)]
    [InlineData("true", true)]
    [InlineData("FALSE", false)]
    [InlineData("~", null)]
    [InlineData("null", null)]
    [InlineData("", null)]
    [InlineData("yes", "yes")]
    [InlineData("on", "on")]
    [InlineData("1_000", "1_000")]
    [InlineData("1:30", "1:30")]
    [InlineData("2024-01-01", "2024-01-01")]
    [InlineData("'1'", "1")]
    [InlineData("''", "")]
    [InlineData("\"true\"", "true")]
    [InlineData("0x", "0x")]
    [InlineData(".", ".")]
    [InlineData("e5", "e5")]
    [InlineData("'$${A}'", "${A}")]
    public void Constants_are_typed_by_the_core_schema(string written, object? expected)
    {
        var job = JobText.Job(JobText.Head + $"tables:\n  a:\n    transform:\n      set:\n        c: {written}\n");
        Assert.Equal(expected, job.Tables[0].Set["c"]);
    }

    [Fact]
    public void Set_null_is_a_policy_of_its_own_and_not_an_empty_value()
    {
        TableRule Rule(string onError) => JobText.Job(JobText.Head + $"tables: {{t: {{on_error: {{{onError}}}}}}}\n").Tables.Single();
        var alone = Rule("causes: {type: set_null, overflow: set_null, text: 3}");
        Assert.Equal(["overflow", "type"], alone.NullCauses);
        Assert.Equal((StrayPolicy.Reject, 3L), (alone.Strays, alone.RejectLimit));
        // A cell that cannot be null stops the table, unless there is room for all.
        Assert.Equal((0L, 3L), (alone.CauseLimits["overflow"], alone.CauseLimits["text"]));
        var limited = Rule("causes: {type: set_null}, reject_limit: 9, mistyped: keep");
        Assert.Equal((9L, 0, StrayPolicy.Keep), (limited.RejectLimit, limited.CauseLimits.Count, limited.Strays));
        foreach (var value in new[] { "null", "~", "", "'null'" })
        {
            var result = JobText.Parse(JobText.Head + $"tables: {{t: {{on_error: {{causes: {{overflow: {value}}}}}}}}}\n");
            Assert.Null(result.Job);
        }
        // The words of one level take the place of those of another.
        var merged = JobText.Job(JobText.Head + """
            defaults: {on_error: {causes: {overflow: set_null}}}
            tables: {t: {on_error: {causes: {overflow: stop}}}}

            """).Tables.Single();
        Assert.Empty(merged.NullCauses);
    }
}
