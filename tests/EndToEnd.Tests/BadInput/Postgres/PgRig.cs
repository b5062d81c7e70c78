using System.Text.RegularExpressions;
using Npgsql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.Postgres;

/// <summary>
/// Two fresh databases of the shared server and a job between them; either end may be another address. Databases and roles go when it is
/// disposed.
/// </summary>
internal sealed partial class PgRig : IAsyncDisposable
{
    /// <summary>No patience: what fails is to fail now.</summary>
    public const string Hasty = "defaults: {commit: {rows: 100}, on_error: {retry: {times: 1, backoff: 10ms..20ms}}}";

    private readonly List<string> roles = [];
    private readonly List<(PgServer Server, string Database)> databases = [];

    private PgRig(PgServer server) => Server = server;

    public Scratch Scratch { get; } = new();
    public PgServer Server { get; }
    /// <summary>Where <see cref="RowsAsync"/> of the source looks.</summary>
    public required string From { get; init; }
    public required string To { get; init; }
    /// <summary>Address of the source, without options.</summary>
    public string Source { get; set; } = "";
    public string Target { get; set; } = "";
    public string JobFile => Scratch.At("job.yaml");

    public static async Task<PgRig> NewAsync(params string[] sourceStatements) =>
        await NewAsync(await PgServer.SharedAsync(), sourceStatements);

    public static async Task<PgRig> NewAsync(PgServer server, params string[] sourceStatements)
    {
        var rig = new PgRig(server) { From = await server.CreateDatabaseAsync(), To = await server.CreateDatabaseAsync() };
        rig.databases.AddRange([(server, rig.From), (server, rig.To)]);
        (rig.Source, rig.Target) = (At(server, rig.From), At(server, rig.To));
        await rig.AtSourceAsync(sourceStatements);
        rig.WriteJob();
        return rig;
    }

    /// <summary>Table <c>t(id, v)</c> with that many rows, keyed by id.</summary>
    public static Task<PgRig> WithRowsAsync(int rows) => NewAsync("create table t (id int primary key, v text)",
        FormattableString.Invariant($"insert into t select i, 'value ' || i from generate_series(1, {rows}) i"));

    public static string At(PgServer server, string database, string user = "postgres", string host = "127.0.0.1", int? port = null) =>
        FormattableString.Invariant($"postgres://{user}@{host}:{port ?? server.Port}/{database}");

    /// <summary>A role that may log in.</summary>
    public async Task<string> RoleAsync(string options = "")
    {
        var role = $"role_{Guid.NewGuid():N}"[..16];
        await Server.ExecuteAsync("postgres", $"create role {role} login {options}");
        roles.Add(role);
        return role;
    }

    /// <param name="tables">Lines under <c>tables:</c>.</param>
    /// <param name="options">Of the target's address, as in <c>?lock_timeout=1s</c>.</param>
    public void WriteJob(string tables = "'public.*': '{table}'", string more = Hasty, string options = "", string sourceOptions = "",
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
        Expect(end, exit, code, words);
        return end;
    }

    public static void Expect(PawlExit end, int exit, string code, params string[] words)
    {
        var said = Blank().Replace(end.Out + end.Err, " ");
        foreach (var word in words.Prepend(code))
        {
            Assert.True(end.Code == exit && said.Contains(Blank().Replace(word, " "), StringComparison.Ordinal),
                $"wanted exit {exit} and \"{word}\"\n{end}");
        }
    }

    public Task AtSourceAsync(params string[] statements) => Server.ExecuteAsync(From, statements);

    public Task AtTargetAsync(params string[] statements) => Server.ExecuteAsync(To, statements);

    public Task<List<string>> RowsAsync(string sql) => Server.RowsAsync(To, sql);

    public async Task<long> CountAsync(string table = "t") =>
        long.Parse((await RowsAsync($"select count(*) from {table}"))[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Source and target table hold the same rows, every one as often, as the server writes them.</summary>
    public async Task SameRowsAsync(string table = "t", string? target = null)
    {
        static string Rows(string table) => $"select x::text from {table} x order by 1";
        var rows = await Server.RowsAsync(From, Rows(table));
        Assert.NotEmpty(rows);
        Assert.Equal(rows, await Server.RowsAsync(To, Rows(target ?? table)));
    }

    /// <summary>A session of somebody else on the target, kept open.</summary>
    public async Task<NpgsqlConnection> SomebodyAsync(params string[] statements)
    {
        var connection = await Server.ConnectAsync(To);
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (server, database) in databases) await server.DropAsync(database);
        foreach (var role in roles) await Server.ExecuteAsync("postgres", $"drop owned by {role}", $"drop role {role}");
        Scratch.Dispose();
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank();
}
