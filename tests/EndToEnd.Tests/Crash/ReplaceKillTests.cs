using Pawl.EndToEnd.Tests.Harness;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// SIGKILL at every named point of a replace run, and at random instants: whenever it strikes, the target shows all rows of one version of
/// the source, and no row of another. <c>PAWL_KILL_SEED</c> repeats the choice of instants.
/// </summary>
public sealed class ReplaceKillTests
{
    private const int Rows = 240;
    private const string View = "create view seen as select id from t;";

    /// <summary>One target, and a source that becomes another one each time its rows are published.</summary>
    private sealed class Trial : IAsyncDisposable
    {
        private readonly Scratch scratch = new();
        private readonly string job;
        private int version, shown;

        private Trial() => job = scratch.At("job.yaml");

        public required TestStore Target { get; init; }

        /// <summary>Publications that were seen so far.</summary>
        public int Published => shown;

        public static async Task<Trial> NewAsync(StoreKind kind, string more)
        {
            var place = new Scratch();
            var trial = new Trial { Target = await Stores.TargetAsync(kind, place) };
            await trial.SourceAsync($"""
                pragma journal_mode = wal;
                create table t(id integer primary key, v text);
                with recursive n(i) as (select 1 union all select i + 1 from n where i < {Rows}) insert into t select i, 'version 0' from n;
                """);
            await trial.Target.ExecuteAsync($"create table t(id bigint primary key, v {(kind == StoreKind.MariaDb ? "longtext" : "text")});" + more);
            await File.WriteAllTextAsync(trial.job, $$"""
                version: 1
                name: replace
                source: sqlite:{{trial.scratch.At("source.db")}}
                target: {{trial.Target.Address}}
                defaults: {commit: {rows: 40}, on_error: {retry: {times: 2, backoff: 10ms..20ms} } }
                tables:
                  t: {write: replace, target: t}

                """);
            await trial.DoneAsync();
            return trial;
        }

        private Task SourceAsync(string script) => Sqlite3.RunAsync(scratch.At("source.db"), script);

        public async Task DoneAsync()
        {
            var end = await PawlProcess.RunAsync(scratch, "run", job);
            Assert.True(end.Code == 0, end.ToString());
            await LookAsync("a good end");
            Assert.Equal(version, shown + 1);
            Assert.Equal(0, await Target.NumberAsync(Target switch
            {
                PgStore => "select count(*) from pg_class where relname like 'pawl\\_stage%'",
                MariaStore => "select count(*) from information_schema.tables where table_schema = database() and table_name like 'pawl!_stage%' "
                    + "escape '!'",
                _ => "select count(*) from sqlite_schema where name like 'pawl\\_stage%' escape '\\'",
            }));
        }

        public async Task KillAtAsync(string point)
        {
            var end = await PawlProcess.RunAsync(scratch, ["run", job], ("PAWL_KILL_AT", point));
            Assert.True(end.Code == PawlExit.Killed, $"{point}: {end}");
            await LookAsync(point);
        }

        /// <summary>True when the kill struck before the end.</summary>
        public async Task<bool> KillAfterAsync(long commits, TimeSpan wait)
        {
            await using var pawl = Start();
            await pawl.SaidAsync("\"lane.committed\"", commits);
            await Task.Delay(wait);
            pawl.Send(Signal.Kill);
            var end = await pawl.WaitAsync();
            Assert.True(end.Code is PawlExit.Killed or 0, end.ToString());
            await LookAsync($"a kill after {commits} commits and {wait}");
            return end.Code == PawlExit.Killed;
        }

        public PawlProcess Start() => PawlProcess.Start(scratch, ["run", job, "--progress", "json"]);

        /// <summary>
        /// All of one version, which has a number of rows of its own; the source goes on to the next when its own is shown, and the books
        /// say so: where a rename commits by itself they may not know yet, and the next run has but to note it.
        /// </summary>
        public async Task LookAsync(string when)
        {
            var rows = await Target.RowsAsync("select v, count(*) from t group by v;");
            var found = string.Join(", ", rows.Select(r => string.Join(' ', r)));
            string All(int of) => $"version {of} {Rows + of}";
            Assert.True(found == All(version) || (version > 0 && found == All(version - 1)), $"after {when}, at version {version}: {found}");
            if (found != All(version)) return;
            shown = version;
            var phase = await Target.RowsAsync("select phase from pawl_plan order by generation desc limit 1;");
            if (phase.Single()[0] is not ("published" or "done" or "verified")) return;
            version++;
            await SourceAsync($"update t set v = 'version {version}'; insert into t(v) values ('version {version}');");
        }

        public async ValueTask DisposeAsync()
        {
            await Target.DisposeAsync();
            scratch.Dispose();
        }
    }

    private static StoreKind Kind(string name) => name switch
    {
        "postgres" => StoreKind.Postgres15,
        "mariadb" => StoreKind.MariaDb,
        _ => StoreKind.Sqlite,
    };

    private static readonly bool All = Environment.GetEnvironmentVariable("PAWL_KILL_POINTS") == "all";

    private static readonly string[] Publishing = [CrashPoint.PublicationReady, CrashPoint.Published, CrashPoint.TableFinished];

    /// <summary>The copy that the first kill leaves is gone on with until the kills behind its publication; its plan is saved once.
    /// </summary>
    private static readonly string[] Points = [CrashPoint.PlanSaved, $"{CrashPoint.CommitDone}:3",
        .. CrashPoint.All.TakeWhile(p => p != CrashPoint.TableFinished).Except([CrashPoint.PlanSaved]), .. Publishing,
        CrashPoint.BeforeRelease];

    /// <param name="all">Every point; else those of the publication, unless <c>PAWL_KILL_POINTS=all</c>.</param>
    [Theory]
    [InlineData("sqlite", View, true)]
    [InlineData("sqlite", "", false)]
    [InlineData("postgres", "", false)]
    [InlineData("postgres", View, false)]
    [InlineData("mariadb", View, false)]
    public async Task Killed_at_every_named_point_the_target_shows_all_old_rows_or_all_new_ones(string to, string more, bool all)
    {
        await using var trial = await Trial.NewAsync(Kind(to), more);
        foreach (var point in all || All ? Points : Publishing)
        {
            var before = trial.Published;
            await trial.KillAtAsync(point);
            // Each kill before the commit leaves it unpublished, each one behind it published.
            var isPublished = point is CrashPoint.Published or CrashPoint.TableFinished or CrashPoint.BeforeRelease;
            Assert.Equal(before + (isPublished ? 1 : 0), trial.Published);
        }
        await trial.DoneAsync();
    }

    /// <summary>What a kill leaves between the rename and the note is published, and the runs behind it have but to note it.</summary>
    [Fact]
    public async Task Killed_around_a_rename_that_commits_by_itself_the_target_shows_all_old_rows_or_all_new_ones()
    {
        await using var trial = await Trial.NewAsync(StoreKind.MariaDb, "");
        foreach (var point in Points.TakeWhile(p => p != CrashPoint.PublicationReady))
        {
            await trial.KillAtAsync(point);
            Assert.Equal(0, trial.Published);
        }
        var shown = 0;
        foreach (var (point, more) in new[]
        {
            (CrashPoint.PublicationCounted, 0), (CrashPoint.PublicationCounted, 0), (CrashPoint.PublicationRenamed, 1),
            (CrashPoint.PublicationReady, 0), (CrashPoint.Published, 0), (CrashPoint.PublicationReady, 1), (CrashPoint.Published, 0),
            (CrashPoint.Published, 1), (CrashPoint.TableFinished, 1), (CrashPoint.BeforeRelease, 1),
        })
        {
            await trial.KillAtAsync(point);
            Assert.Equal((point, shown += more), (point, trial.Published));
        }
        await trial.DoneAsync();
    }

    [Theory]
    [InlineData("sqlite", View)]
    [InlineData("postgres", "")]
    [InlineData("mariadb", "")]
    [InlineData("mariadb", View)]
    public async Task Killed_at_random_instants_the_target_shows_all_old_rows_or_all_new_ones(string to, string more)
    {
        await using var trial = await Trial.NewAsync(Kind(to), more);
        var random = new Random(CampaignSettings.Seed + to.Length);
        var kills = 0;
        for (var i = 0; i < 6; i++)
        {
            if (await trial.KillAfterAsync(random.Next(0, 6), TimeSpan.FromMilliseconds(8 * random.NextDouble()))) kills++;
        }
        Assert.True(kills >= 1, $"only {kills} kills struck");
        await trial.DoneAsync();
    }

    /// <summary>It stands still between the old rows' end and the new rows' commit, with the table's locks in its hands.</summary>
    [Fact]
    public async Task Stopped_inside_its_publication_a_runner_is_taken_over_and_publishes_nothing_when_it_wakes()
    {
        await using var trial = await Trial.NewAsync(StoreKind.Postgres15, View);
        var target = (PgStore)trial.Target;
        await using var sleeper = trial.Start();
        await using (var other = await target.Server.ConnectAsync(target.Database))
        {
            await new Npgsql.NpgsqlCommand("begin; lock table t in share mode", other).ExecuteNonQueryAsync();
            await Until.TrueAsync(async () => (await target.Server.RowsAsync("postgres", $"""
                select 1 from pg_stat_activity where datname = '{target.Database}' and application_name like 'pawl/%'
                    and wait_event_type = 'Lock' and query ~* 'delete|truncate|lock'
                """)).Count > 0 || sleeper.HasExited, "the publication to wait for the table");
            Assert.True(await Signals.FreezeAsync(sleeper), "it ended before it could be stopped");
        }
        // What the server was asked for it does now; nobody sends the next statement.
        await Until.TrueAsync(async () => (await target.Server.RowsAsync("postgres", $"""
            select 1 from pg_stat_activity where datname = '{target.Database}' and application_name like 'pawl/%'
                and state = 'idle in transaction' and backend_xid is not null
            """)).Count > 0, "the publication to stand still in its transaction");
        await trial.LookAsync("the stop");
        Assert.Equal(0, trial.Published);
        await target.ExecuteAsync("update pawl_job set heartbeat = heartbeat - 3600000;");

        await using var heir = trial.Start();
        var done = await heir.WaitAsync();
        Assert.True(done.Code == 0, done.ToString());
        await trial.LookAsync("the take-over");
        Assert.Equal(1, trial.Published);

        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();
        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Model.Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        await trial.LookAsync("the awakening");
        Assert.Equal(1, trial.Published);
        await trial.DoneAsync();
    }

    /// <summary>
    /// It stands still with the counted copy under a name of its own and the RENAME not sent; with the RENAME sent, and waiting; and, where
    /// the table stays, between the old rows' end and the new rows' commit.
    /// </summary>
    /// <param name="hold">How somebody else makes the publication wait.</param>
    /// <param name="waiting">The statement that waits.</param>
    /// <param name="shown">Publications that are seen while it stands still.</param>
    [Theory]
    [InlineData("", "lock tables t write", "select 1 from", 0)]
    [InlineData("", "start transaction; select count(*) from t", "rename table `", 1)]
    [InlineData(View, "start transaction; select * from t where id = 5 for update", "delete from", 0)]
    public async Task Stopped_inside_its_publication_on_MariaDB_a_runner_publishes_nothing_when_it_wakes(string more, string hold,
        string waiting, int shown)
    {
        await using var trial = await Trial.NewAsync(StoreKind.MariaDb, more);
        var target = (MariaStore)trial.Target;
        await using var other = await target.Server.ConnectAsync(target.Database);
        foreach (var statement in hold.Split("; ")) await other.ExecuteAsync(statement, default);
        await using var sleeper = trial.Start();
        await Until.TrueAsync(async () => await target.NumberAsync($"""
            select count(*) from information_schema.processlist where db = database() and id <> connection_id()
                and info like '{waiting}%t`%' and (state like 'Waiting for table metadata lock%' or info like 'delete%')
            """) > 0 || sleeper.HasExited, "the publication to wait for the table");
        Assert.True(await Signals.FreezeAsync(sleeper), "it ended before it could be stopped");
        await other.ExecuteAsync(hold.StartsWith("lock", StringComparison.Ordinal) ? "unlock tables" : "rollback", default);
        // What the server was asked for it does now; nobody sends the next statement.
        await Until.TrueAsync(async () => await target.NumberAsync("""
            select count(*) from information_schema.processlist where db = database() and id <> connection_id() and command = 'Query'
            """) == 0, "the publication to stand still");
        await trial.LookAsync("the stop");
        Assert.Equal(shown, trial.Published);
        await target.ExecuteAsync("update pawl_job set heartbeat = heartbeat - 3600000;");

        await using var heir = trial.Start();
        var done = await heir.WaitAsync();
        Assert.True(done.Code == 0, done.ToString());
        await trial.LookAsync("the take-over");
        Assert.Equal(1, trial.Published);

        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();
        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Model.Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        await trial.LookAsync("the awakening");
        Assert.Equal(1, trial.Published);
        await trial.DoneAsync();
    }
}
