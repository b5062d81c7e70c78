using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Runs and servers that die around the rename, and what they leave.</summary>
public abstract partial class MyReplaceTests
{
    /// <summary>Every session of the run ends at that point; it tries again by itself.</summary>
    [Theory]
    [InlineData(CrashPoint.PublicationCounted, true)]
    [InlineData(CrashPoint.PublicationCounted, false)]
    [InlineData(CrashPoint.PublicationRenamed, true)]
    [InlineData(CrashPoint.PublicationRenamed, false)]
    [InlineData(CrashPoint.PublicationReady, true)]
    public async Task Sessions_that_end_around_the_rename_cost_an_attempt(string at, bool isThere)
    {
        await using var to = await TargetAsync(isThere ? [Old] : []);
        var (said, done) = (new List<string>(), false);
        await Job(to, e => { if (e.Code == EventCodes.TablePublished) said.Add($"{e.Args["way"]} {e.Args["rows"]}"); }, point =>
        {
            if (point != at || done) return;
            done = true;
            Now(EndSessionsAsync(to));
        }).DoneAsync();
        Assert.True(done);
        Assert.Equal([isThere ? "rename 30" : "create 30"], said);
        await NewAsync(to);
    }

    /// <summary>The server dies at that point, and the run with it; the next run finds out how far it was.</summary>
    [Theory]
    [InlineData(CrashPoint.PublicationCounted)]
    [InlineData(CrashPoint.PublicationRenamed)]
    [InlineData(CrashPoint.PublicationReady)]
    public async Task A_server_that_is_killed_around_the_rename_has_all_old_rows_or_all_new_ones(string at)
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        var done = false;
        var refused = await Job(to, reached: point =>
        {
            if (point != at || done) return;
            done = true;
            Now(server.CrashAsync());
        }).FailedAsync();
        Assert.True(refused.Fault == Fault.Transient, $"{refused.Code} {string.Join(", ", refused.Details)}");
        await server.StartAgainAsync();
        if (at == CrashPoint.PublicationCounted) await OldAsync(to);
        else Assert.Equal(["30|30"], await to.QueryAsync("select count(*), sum(v = 'new') from t"));
        await Job(to).DoneAsync();
        await NewAsync(to);
        Assert.Equal(["1|verified"], await to.QueryAsync("select generation, phase from pawl_plan"));
    }

    [Fact]
    public async Task A_rename_that_nobody_noted_is_no_obstacle_to_a_restart()
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        await Job(to, reached: point => { if (point == CrashPoint.PublicationRenamed) Now(server.CrashAsync()); }).FailedAsync();
        await server.StartAgainAsync();
        await Job(to).DoneAsync(restart: true);
        await NewAsync(to);
        Assert.Equal(["2|verified"], await to.QueryAsync("select generation, phase from pawl_plan"));
    }

    /// <summary>Servers promise that a RENAME of several tables happens as a whole. If one ever does not, nothing is lost.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_rename_that_came_half_way_is_taken_back_and_done_again(bool isThere)
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, isThere ? [Old] : []);
        await Job(to, reached: point => { if (point == CrashPoint.PublicationCounted) Now(server.CrashAsync()); }).FailedAsync();
        await server.StartAgainAsync();
        var hidden = Assert.Single(await to.QueryAsync(Stages));
        var old = hidden[..hidden.LastIndexOf('_')] + "_old";
        await to.RunAsync(isThere ? $"rename table t to {old}"
            : $"create table {old} (none int) comment 'pawl: where no table was before'");
        await Job(to).DoneAsync();
        await NewAsync(to);
        Assert.Equal(["1|verified"], await to.QueryAsync("select generation, phase from pawl_plan"));
    }

    [Fact]
    public async Task A_target_that_is_dropped_before_its_rename_was_noted_is_missed()
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        await Job(to, reached: point => { if (point == CrashPoint.PublicationRenamed) Now(server.CrashAsync()); }).FailedAsync();
        await server.StartAgainAsync();
        await to.RunAsync("drop table t");
        Assert.Equal(Codes.StageLost, (await Job(to).FailedAsync()).Code);
        await OldAsync(to);
        await Job(to).DoneAsync(restart: true);
        await NewAsync(to);
    }

    [Fact]
    public async Task A_half_way_rename_whose_place_somebody_took_is_said_and_left()
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        await Job(to, reached: point => { if (point == CrashPoint.PublicationCounted) Now(server.CrashAsync()); }).FailedAsync();
        await server.StartAgainAsync();
        var hidden = Assert.Single(await to.QueryAsync(Stages));
        var old = hidden[..hidden.LastIndexOf('_')] + "_old";
        await to.RunAsync($"rename table t to {old}", Old);
        var refused = await Job(to).FailedAsync();
        Assert.Equal((Codes.CannotPublish, old), (refused.Code, refused.Details["name"]));
        Assert.Equal(["50"], await to.QueryAsync($"select count(*) from {old}"));
    }

    /// <summary>A copy that begins anew drops what the one before staged, but never the only rows there are.</summary>
    [Fact]
    public async Task A_restart_after_a_rename_that_came_half_way_leaves_the_old_rows()
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        await Job(to, reached: point => { if (point == CrashPoint.PublicationCounted) Now(server.CrashAsync()); }).FailedAsync();
        await server.StartAgainAsync();
        var hidden = Assert.Single(await to.QueryAsync(Stages));
        var old = hidden[..hidden.LastIndexOf('_')] + "_old";
        await to.RunAsync($"rename table t to {old}");
        var refused = await Job(to).FailedAsync(restart: true);
        Assert.Equal((Codes.CannotPublish, old), (refused.Code, refused.Details["name"]));
        Assert.Equal(["50|50"], await to.QueryAsync($"select count(*), sum(v = 'old') from {old}"));
        await to.RunAsync($"rename table {old} to t");
        await Job(to).DoneAsync(restart: true);
        await NewAsync(to);
        Assert.Empty(await to.QueryAsync(Stages));
    }

    [Fact]
    public async Task A_restart_does_not_drop_a_trigger_that_came_in_the_last_moment()
    {
        await using var server = await OwnServerAsync();
        var to = await TargetAsync(server, Old);
        await Job(to, reached: point =>
        {
            if (point == CrashPoint.PublicationRenamed) Now(server.CrashAsync());
        }).FailedAsync();
        await server.StartAgainAsync();
        var old = Assert.Single(await to.QueryAsync(Stages));
        await to.RunAsync($"create trigger late before insert on {old} for each row set new.v = upper(new.v)");
        var refused = await Job(to).FailedAsync(restart: true);
        Assert.Equal((Codes.CannotPublish, old), (refused.Code, refused.Details["name"]));
        Assert.Equal(["late"],
            await to.QueryAsync("select trigger_name from information_schema.triggers where trigger_schema = database()"));
        await to.RunAsync("drop trigger late");
        await Job(to).DoneAsync(restart: true);
        await NewAsync(to);
    }
}
