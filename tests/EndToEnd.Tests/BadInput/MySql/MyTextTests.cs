using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>What somebody new is told, in both languages, about addresses and tables that are not as they were meant.</summary>
public sealed class MyTextTests
{
    private static async Task ToldAsync(MyRig rig, int exit, string code, string english, string chinese)
    {
        PgRig.Expect(await rig.RunAsync(), exit, code, english);
        var told = await rig.RunAsync("--lang", "zh-CN");
        PgRig.Expect(told, exit, code, chinese);
        foreach (var left in new[] { "?", " the ", " of ", "it holds" })
        {
            Assert.DoesNotContain(left, told.Err.Replace("Access denied for user", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_address_that_leads_nowhere()
    {
        await using var rig = await MyRig.WithRowsAsync(3);
        rig.Source = MyRig.At(rig.Server, rig.From, port: 1);
        rig.WriteJob();
        await ToldAsync(rig, 5, Codes.Unreachable, "Connection refused", "连接被拒绝");
        rig.Source = MyRig.At(rig.Server, rig.From, "nobody");
        rig.WriteJob();
        var login = FormattableString.Invariant($"mariadb -h 127.0.0.1 -P {rig.Server.Port} -u nobody -p");
        await ToldAsync(rig, 1, Codes.LoginRefused, login, login);
        var user = await rig.UserAsync();
        rig.Source = MyRig.At(rig.Server, "no_such_database", user);
        rig.WriteJob();
        await ToldAsync(rig, 1, Codes.GrantMissing, "(or there is none: an account without rights is not told)", "（也可能没有该数据库：");
        rig.Source = MyRig.At(rig.Server, rig.From);
        rig.Target = MyRig.At(rig.Server, "");
        rig.WriteJob();
        await ToldAsync(rig, 2, Codes.OptionInvalid, "is not a valid value for the option target: expected mysql://user@host/database",
            "应为 mysql://user@host/database");
    }

    [Fact]
    public async Task A_table_that_is_written_wrong_and_one_that_is_too_narrow()
    {
        await using var rig = await MyRig.NewAsync("create table orders (id int primary key, v varchar(20))");
        rig.WriteJob($"{rig.From}.ordres: t");
        await ToldAsync(rig, 2, Codes.TableMissing, $"Did you mean {rig.From}.orders?", $"是否想写 {rig.From}.orders？");
        await rig.AtTargetAsync("create table t (id int primary key, v varchar(3))");
        rig.WriteJob($"{rig.From}.orders: t", name: "narrow");
        await ToldAsync(rig, 2, Codes.TargetTypeUnfit, "(it holds 3 characters)", "只容纳 3 个字符");
    }

    [Fact]
    public async Task A_table_without_a_key_is_one_commit_and_the_plan_says_so()
    {
        await using var rig = await MyRig.NewAsync("create table bare (v int)", "insert into bare select seq from seq_1_to_9000");
        rig.WriteJob(more: "defaults: {commit: {rows: 1k}}");
        foreach (var (language, words) in new[] { ("en", "bare: has no key; read in one piece, and one commit at its end"),
            ("zh-CN", "bare：没有键；一次读完，在结尾一次提交") })
        {
            var plan = await PawlProcess.RunAsync(rig.Scratch, ["plan", rig.JobFile, "--lang", language]);
            Assert.Contains(words, plan.Out, StringComparison.Ordinal);
        }
        await rig.DoneAsync();
        Assert.Equal(["9000|1"], await rig.RowsAsync("select (select count(*) from bare), count(*) from pawl_ledger"));
    }

    /// <summary>What the source tells apart and the target does not would become one row without a word.</summary>
    [Fact]
    public async Task A_key_that_the_target_takes_for_coarser_is_named_before_anything_is_merged()
    {
        await using var rig = await MyRig.NewAsync("create table t (code varchar(9) collate utf8mb4_bin primary key, v int)",
            "insert into t values ('a', 1), ('A', 2)");
        async Task<string> PlanAsync(string collation, string write, string language)
        {
            await rig.AtTargetAsync("drop table if exists t", $"create table t (code varchar(9) collate {collation} primary key, v int)");
            rig.WriteJob($"{rig.From}.t: {{target: t, write: {write}}}");
            return (await PawlProcess.RunAsync(rig.Scratch, ["plan", rig.JobFile, "--lang", language])).Out;
        }
        Assert.Contains("key code at the target takes texts for one", await PlanAsync("utf8mb4_general_ci", "upsert", "en"),
            StringComparison.Ordinal);
        Assert.Contains("目标端的键 code 把仅大小写、重音或末尾空格不同的文本视为相同", await PlanAsync("utf8mb4_general_ci", "upsert", "zh-CN"),
            StringComparison.Ordinal);
        foreach (var (collation, write) in new[] { ("utf8mb4_bin", "upsert"), ("utf8mb4_nopad_bin", "upsert"),
            ("utf8mb4_general_ci", "insert") })
        {
            Assert.DoesNotContain("takes texts for one", await PlanAsync(collation, write, "en"), StringComparison.Ordinal);
        }
        // And a copy that lost a row to it does not end well.
        await PlanAsync("utf8mb4_general_ci", "upsert", "en");
        Assert.Equal(4, (await rig.RunAsync()).Code);
        await rig.AtTargetAsync("drop table t");
    }
}
