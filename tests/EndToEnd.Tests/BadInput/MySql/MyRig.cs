using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>
/// Two fresh databases of a MariaDB or MySQL server and a job between them; either end may be another address. Databases go when it is
/// disposed.
/// </summary>
internal sealed class MyRig : IAsyncDisposable
{
    private readonly List<string> users = [];

    private MyRig(MyServer server) => Server = server;

    public Scratch Scratch { get; } = new();
    public MyServer Server { get; }
    public required string From { get; init; }
    public required string To { get; init; }
    /// <summary>Address of the source, without options.</summary>
    public string Source { get; set; } = "";
    public string Target { get; set; } = "";
    public string JobFile => Scratch.At("job.yaml");

    public static async Task<MyRig> NewAsync(params string[] sourceStatements) =>
        await NewAsync(await MariaDbServer.SharedAsync(), sourceStatements);

    public static async Task<MyRig> NewAsync(MyServer server, params string[] sourceStatements)
    {
        var rig = new MyRig(server) { From = await server.CreateDatabaseAsync(), To = await server.CreateDatabaseAsync() };
        (rig.Source, rig.Target) = (At(server, rig.From), At(server, rig.To));
        await rig.AtSourceAsync(sourceStatements);
        rig.WriteJob();
        return rig;
    }

    /// <summary>Table <c>t(id, v)</c> with that many rows, keyed by id.</summary>
    public static Task<MyRig> WithRowsAsync(int rows, MariaDbServer? server = null) => WithRowsAsync(rows, "concat('value ', seq)", server);

    /// <param name="value">Of v, in SQL over the row's number <c>seq</c>.</param>
    public static async Task<MyRig> WithRowsAsync(int rows, string value, MariaDbServer? server = null) =>
        await NewAsync(server ?? await MariaDbServer.SharedAsync(), "create table t (id int primary key, v longtext)",
            FormattableString.Invariant($"insert into t select seq, {value} from seq_1_to_{rows}"));

    public static string At(MyServer server, string database, string user = "root", string host = "127.0.0.1", int? port = null) =>
        FormattableString.Invariant($"mysql://{user}@{host}:{port ?? server.Port}/{database}");

    /// <summary>An account that may log in from here, without a password.</summary>
    public async Task<string> UserAsync(params string[] grants)
    {
        var user = $"u_{Guid.NewGuid():N}"[..16];
        await Server.ExecuteAsync(null, [$"create user {user}@'127.0.0.1'", .. grants.Select(g => $"grant {g} to {user}@'127.0.0.1'")]);
        users.Add(user);
        return user;
    }

    /// <param name="tables">Lines under <c>tables:</c>.</param>
    /// <param name="options">Of the target's address, as in <c>?lock_timeout=1s</c>.</param>
    public void WriteJob(string tables = "'*': '{table}'", string more = PgRig.Hasty, string options = "", string sourceOptions = "",
        string name = "rig") => File.WriteAllText(JobFile, $"""
        version: 1
        name: {name}
        source: "{Source}{sourceOptions}"
        target: "{Target}{options}"
        {more}
        tables:
        {string.Join("\n", tables.Split('\n').Select(l => "  " + l))}

        """);

    public Task<PawlExit> RunAsync(params string[] more) => PawlProcess.RunAsync(Scratch, ["run", JobFile, .. more]);

    public PawlProcess Start(params (string Name, string? Value)[] settings) => PawlProcess.Start(Scratch, ["run", JobFile], settings);

    public async Task DoneAsync(params string[] more)
    {
        var end = await RunAsync(more);
        Assert.True(end.Code == 0, end.ToString());
    }

    /// <summary>Runs until that point of the commit path, then dies.</summary>
    public async Task LeaveHalfDoneAsync(string killAt = "commit-done:3")
    {
        var end = await PawlProcess.RunAsync(Scratch, ["run", JobFile], ("PAWL_KILL_AT", killAt));
        Assert.True(end.Code == PawlExit.Killed, end.ToString());
    }

    /// <summary>A run that ends with that exit code, and says that error with all of these words, however they are wrapped.</summary>
    public async Task<PawlExit> RefusedAsync(int exit, string code, params string[] words)
    {
        var end = await RunAsync();
        PgRig.Expect(end, exit, code, words);
        return end;
    }

    public Task AtSourceAsync(params string[] statements) => Server.ExecuteAsync(From, statements);

    public Task AtTargetAsync(params string[] statements) => Server.ExecuteAsync(To, statements);

    public Task<List<string>> RowsAsync(string sql) => Server.RowsAsync(To, sql);

    public async Task<long> CountAsync(string table = "t") =>
        long.Parse((await RowsAsync($"select count(*) from {table}"))[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Source and target table hold the same rows, every one as often, as the server writes them.</summary>
    /// <param name="columns">What to compare, in SQL.</param>
    public async Task SameRowsAsync(string table = "t", string? target = null, string columns = "*")
    {
        var rows = await Server.RowsAsync(From, $"select {columns} from {table} order by 1");
        Assert.NotEmpty(rows);
        Assert.Equal(rows, await RowsAsync($"select {columns} from {target ?? table} order by 1"));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DropAsync(From);
        await Server.DropAsync(To);
        foreach (var user in users) await Server.ExecuteAsync(null, $"drop user {user}@'127.0.0.1'");
        Scratch.Dispose();
    }
}
