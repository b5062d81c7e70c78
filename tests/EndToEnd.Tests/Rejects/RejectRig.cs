using Pawl.EndToEnd.Tests.Crash;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>A SQLite source, a target of either kind, and a job between them that sets rows aside.</summary>
internal sealed class RejectRig : IAsyncDisposable
{
    /// <summary>1 000 rows: every 200th has no v; w is the id.</summary>
    private const string Usual = """
        create table t(id integer primary key, v text, w integer);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
          insert into t select i, case when i % 200 = 0 then null else 'v' || i end, i from n;
        """;

    private RejectRig(TestStore target) => Target = target;

    public Scratch Scratch { get; private init; } = null!;
    public TestStore Target { get; }
    public string Source => Scratch.At("source.db");
    public string JobFile => Scratch.At("job.yaml");

    /// <param name="target">Statements that make the target table.</param>
    public static async Task<RejectRig> NewAsync(StoreKind kind, string target, string source = Usual, string onError = "reject_limit: 100",
        string table = "")
    {
        var scratch = new Scratch();
        var rig = new RejectRig(await Stores.TargetAsync(kind, scratch)) { Scratch = scratch };
        await Sqlite3.RunAsync(rig.Source, source);
        await rig.Target.ExecuteAsync(target);
        rig.WriteJob(onError, table);
        return rig;
    }

    public static Task<RejectRig> UsualAsync(StoreKind kind, string onError = "reject_limit: 100") =>
        NewAsync(kind, "create table t(id bigint primary key, v text not null, w bigint);", onError: onError);

    public void WriteJob(string onError, string table = "") => File.WriteAllText(JobFile, $$"""
        version: 1
        name: rejects
        source: sqlite:{{Source}}
        target: "{{Target.Address}}"
        defaults: {commit: {rows: 100}, on_error: { {{onError}}, retry: {times: 1, backoff: 10ms..20ms} } }
        tables: {t: { {{table}} } }

        """);

    public Task<PawlExit> PawlAsync(params string[] words) => PawlProcess.RunAsync(Scratch, words);

    public Task<PawlExit> KilledAsync(string at, params string[] words) => PawlProcess.RunAsync(Scratch, words, ("PAWL_KILL_AT", at));

    public async Task<PawlExit> EndsAsync(int exit, params string[] words)
    {
        var end = await PawlAsync(words);
        Assert.True(end.Code == exit, $"wanted exit {exit}\n{end}");
        return end;
    }

    /// <summary>The first run: every row that fits is there, the others are set aside.</summary>
    public Task<PawlExit> RunAsync() => EndsAsync(3, "run", JobFile);

    public Task<PawlExit> RetryAsync(int exit) => EndsAsync(exit, "rejects", "retry", JobFile, "--json");

    public Task MendAsync() => Target is PgStore ? Target.ExecuteAsync("alter table t alter v drop not null;")
        : Target.ExecuteAsync("""
            begin; alter table t rename to old; create table t(id bigint primary key, v text, w bigint);
            insert into t select * from old; drop table old; commit;
            """);

    public async Task<string> OneAsync(string query) => string.Join('|', (await Target.RowsAsync(query + ";")).Single());

    /// <summary>Rejected rows in the running totals of all lanes.</summary>
    public async Task<long> BookedAsync() => (await Target.RowsAsync("""
        select totals from pawl_ledger l where seq = (select max(seq) from pawl_ledger m where m.job = l.job and m.lane = l.lane);
        """)).Sum(r => r[0].Split(' ').Where(f => f.StartsWith("rejected=", StringComparison.Ordinal))
            .Sum(f => long.Parse(f[9..], System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Every row of the source is in the target once, as it is in the source.</summary>
    public async Task SameRowsAsync()
    {
        const string rows = "select id, coalesce(v, 'none'), w from t order by id;";
        Assert.Equal((await new SqliteStore(Source).RowsAsync(rows)).Select(r => string.Join('|', r)),
            (await Target.RowsAsync(rows)).Select(r => string.Join('|', r)));
        await EndsAsync(0, "verify", JobFile, "--level", "digest");
    }

    public async ValueTask DisposeAsync()
    {
        await Target.DisposeAsync();
        Scratch.Dispose();
    }
}
