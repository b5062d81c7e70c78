using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.Postgres;

/// <summary>Tables with something on them or in them, and tables that changed between two runs.</summary>
public sealed class PgPolicyTests
{
    [Fact]
    public async Task A_target_with_triggers_is_refused_until_the_address_says_what_is_to_become_of_them()
    {
        await using var rig = await PgRig.WithRowsAsync(300);
        await rig.AtTargetAsync("create table t (id int primary key, v text)", "create table log (id int)",
            "create function note() returns trigger language plpgsql as 'begin insert into public.log values (new.id); return new; end'",
            "create trigger notes after insert on t for each row execute function note()");
        await rig.RefusedAsync(2, Codes.TargetDependent, "The trigger notes of public.t", "it would fire for every row", "?triggers=skip");
        var role = await rig.RoleAsync();
        await rig.AtTargetAsync($"grant create on database {rig.To} to {role}", $"grant all on t, log to {role}");
        rig.Target = PgRig.At(rig.Server, rig.To, role);
        rig.WriteJob("public.t: t", options: "?triggers=skip&control_schema=mine");
        var grant = $"grant set on parameter session_replication_role to \"{role}\"";
        await rig.RefusedAsync(1, Codes.GrantMissing, "Let the owner run:", grant);
        await rig.AtTargetAsync(grant);
        await rig.DoneAsync();
        Assert.Equal(["300|0"], await rig.RowsAsync("select (select count(*) from t), (select count(*) from log)"));
        await rig.AtTargetAsync("truncate t");
        rig.WriteJob("public.t: t", options: "?triggers=fire&control_schema=mine", name: "firing");
        await rig.DoneAsync();
        Assert.Equal(["300|300"], await rig.RowsAsync("select (select count(*) from t), (select count(*) from log)"));
    }

    [Fact]
    public async Task A_foreign_key_to_rows_that_are_not_there_is_refused_before_the_first_row()
    {
        await using var rig = await PgRig.WithRowsAsync(10);
        await rig.AtTargetAsync("create table parent (id int primary key)",
            "create table t (id int primary key references parent, v text)");
        await rig.RefusedAsync(2, Codes.TargetDependent, "The foreign key t_id_fkey of public.t, which concerns public.parent",
            "the table it refers to has no rows yet");
        await rig.AtTargetAsync("insert into parent select generate_series(1, 9)");
        await rig.RefusedAsync(1, Codes.RowRefused, "t_id_fkey");
        await rig.AtTargetAsync("insert into parent values (10)");
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    [Theory]
    [InlineData("alter table t add w int", Codes.SchemaChanged)]
    [InlineData("alter table t drop v", Codes.SchemaChanged)]
    [InlineData("alter table t alter v type varchar(90)", Codes.SchemaChanged)]
    [InlineData("drop table t; create table t (id int primary key, v text); insert into t select i, 'value ' || i from generate_series(1, 9) i",
        Codes.TableRecreated)]
    public async Task A_source_table_that_changed_between_two_runs_is_refused_and_copied_anew_on_request(string change, string code)
    {
        await using var rig = await PgRig.WithRowsAsync(1_000);
        rig.WriteJob("public.t: t");
        await rig.LeaveHalfDoneAsync();
        await rig.AtSourceAsync(change);
        await rig.RefusedAsync(7, code, "public.t", "--restart --tables public.t");
        var kept = await rig.CountAsync();
        Assert.InRange(kept, 1, 999);
        // Its rows are ours to remove, its columns are not.
        if (code == Codes.SchemaChanged) await rig.AtTargetAsync("drop table t");
        await rig.DoneAsync("--restart", "--tables", "public.t", "--yes");
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task Rows_are_added_once_beside_others_also_through_a_kill()
    {
        await using var rig = await PgRig.WithRowsAsync(1_000);
        await rig.AtTargetAsync("create table t (id int, v text)", "insert into t values (5, 'mine'), (null, 'mine')");
        rig.WriteJob("public.t: t");
        await rig.RefusedAsync(2, Codes.TargetNotEmpty, "write: append");
        rig.WriteJob("public.t: {target: t, write: append}", name: "adding");
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        Assert.Equal(["1002|1000|2|0"], await rig.RowsAsync("select count(*), count(distinct id) filter (where v <> 'mine'), "
            + "count(*) filter (where v = 'mine'), (select count(*) from pg_index where indrelid = 't'::regclass) from t"));
        var again = await rig.RunAsync();
        Assert.True(again.Code == 0 && again.Out.Contains("Nothing to do", StringComparison.Ordinal), again.ToString());
    }
}
