using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Crash;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A database of a MariaDB server, known through the program <c>mariadb</c>. Dropped when disposed.</summary>
internal sealed partial class MariaStore : ServerStore
{
    /// <summary>The SQL that the other kinds of database speak: names in double quotes, <c>||</c>, a backslash that is one.</summary>
    private const string Dialect = "set sql_mode = 'ANSI,STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION';\n";

    private static readonly string[] Numbers = ["tinyint", "smallint", "mediumint", "int", "bigint", "float", "double"];

    /// <summary>Column → its type. No function here tells a value's type, so columns of one name have one type in these tests.</summary>
    private Dictionary<string, string> types = new(StringComparer.Ordinal);

    private MariaStore(MariaDbServer server, string database) => (Server, Database) = (server, database);

    public MariaDbServer Server { get; }
    public string Database { get; }

    public override int ServerPort => Server.Port;

    public override string Address => FormattableString.Invariant($"mysql://root@127.0.0.1:{Port ?? Server.Port}/{Database}{Query}");

    public static async Task<MariaStore> CreateAsync(MariaDbServer server) => new(server, await server.CreateDatabaseAsync());

    public override async Task ExecuteAsync(string script)
    {
        await ClientAsync(Dialect + script);
        await LearnAsync();
    }

    public override async Task<IReadOnlyList<string[]>> RowsAsync(string script) =>
        [.. (await ClientAsync(Dialect + script)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(r => r.Split('\t').Select(Plain).ToArray())];

    public override string Cell(string sql)
    {
        var text = types.GetValueOrDefault(sql.Trim('"')) switch
        {
            { } type when Numbers.Contains(type) => $"concat({sql})",
            { } type when type.Contains("bin", StringComparison.Ordinal) || type.Contains("blob", StringComparison.Ordinal) =>
                $"concat('X''', hex({sql}), '''')",
            _ => $"concat('''', replace({sql}, '''', ''''''), '''')",
        };
        return $"coalesce({text}, 'NULL')";
    }

    public override string LedgerName(string table) => $"{Database}.{table}";

    public override IReadOnlyList<string> Literals(string position) => PositionText.MySql(position);

    public override async Task<TargetImage> ReadAsync(IReadOnlyList<CopiedTable> tables)
    {
        await LearnAsync();
        var there = (await RowsAsync("select table_name from information_schema.tables where table_schema = database();"))
            .Select(r => r[0]).ToHashSet();
        var script = string.Join("\n", tables.Where(t => there.Contains(t.Target)).Select(HeldScript));
        return Image(await RowsAsync($"""
            set session transaction isolation level repeatable read;
            start transaction with consistent snapshot;
            {(there.Contains("pawl_plan") ? LedgerScript : "")}
            {script}
            rollback;
            """));
    }

    /// <summary>
    /// A transaction that has written has something to undo. The status is made when it is asked for; innodb_trx may be as old as the last
    /// look of somebody else.
    /// </summary>
    public override async Task<bool> HoldsTransactionAsync(PawlProcess pawl)
    {
        var sessions = await SessionsAsync();
        return (await StatusAsync()).Any(t => t.Contains("undo log entries", StringComparison.Ordinal) && sessions.Contains(Thread(t)));
    }

    public override async Task<bool> IsWaitedForAsync()
    {
        var sessions = await SessionsAsync();
        return (await StatusAsync()).Any(t => t.Contains("LOCK WAIT", StringComparison.Ordinal) && sessions.Contains(Thread(t)))
            || await CountAsync("state like '%lock%'") > 0;
    }

    /// <summary>
    /// The server waits for more of a load; or, as a statement of many rows is sent in one piece, for what comes after it in the same
    /// transaction, in which many rows can be undone.
    /// </summary>
    public override async Task<bool> IsInLoadAsync()
    {
        if (await CountAsync("info like 'load data%' and command = 'Query'") > 0) return true;
        var sessions = await SessionsAsync();
        return (await StatusAsync()).Any(t => Undone().Match(t) is { Success: true } many
            && int.Parse(many.Groups[1].Value, CultureInfo.InvariantCulture) > FewRows && sessions.Contains(Thread(t)));
    }

    /// <summary>More than the fence and the books touch.</summary>
    private const int FewRows = 50;

    [GeneratedRegex(@"undo log entries (\d+)")]
    private static partial Regex Undone();

    public override Task<long> HeartbeatAgeAsync() => NumberAsync(
        "select cast(unix_timestamp(sysdate(6)) * 1000 as signed) - heartbeat from pawl_job");

    public override WireProxy Proxy(IReadOnlyList<PlannedFault> faults, bool onlyRows) =>
        new MyWireProxy(Server.Port, faults, onlyRows, IsWaitedForAsync);

    /// <summary>The database itself: a server's recovery is not Pawl's. What is left of the last run may be ending meanwhile.</summary>
    public override TestStore ToLookAt(Scratch scratch) => this;

    public override async Task<IReadOnlyList<string>> ResidueAsync(IReadOnlyList<CopiedTable> tables)
    {
        var left = new List<string>();
        HashSet<string> sessions = [];
        try
        {
            await Until.TrueAsync(async () => (sessions = await SessionsAsync()).Count == 0, "sessions to end", TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            left.AddRange(sessions.Select(s => $"left behind: session {s}"));
        }
        var known = tables.Select(t => t.Target).ToArray();
        left.AddRange((await RowsAsync("select table_name from information_schema.tables where table_schema = database();"))
            .Select(r => r[0]).Where(t => !t.StartsWith("pawl_", StringComparison.Ordinal) && !known.Contains(t))
            .Select(t => $"left behind: table {t}"));
        left.AddRange((await RowsAsync("xa recover;")).Select(r => $"left behind: transaction {r[^1]}"));
        return left;
    }

    public override async ValueTask DisposeAsync() => await Server.DropAsync(Database);

    /// <summary>Sessions of Pawl in this database: nobody else keeps one open.</summary>
    private async Task<HashSet<string>> SessionsAsync() => [.. (await RowsAsync(
        "select id from information_schema.processlist where db = database() and id <> connection_id();")).Select(r => r[0])];

    private Task<long> CountAsync(string condition) => NumberAsync($"""
        select count(*) from information_schema.processlist where db = database() and id <> connection_id() and {condition}
        """);

    private async Task<IEnumerable<string>> StatusAsync() =>
        (await RowsAsync("show engine innodb status;")).Single()[^1].Split("---TRANSACTION").Skip(1);

    private static string Thread(string transaction) => ThreadId().Match(transaction).Groups[1].Value;

    [GeneratedRegex("thread id ([0-9]+)")]
    private static partial Regex ThreadId();

    private async Task LearnAsync()
    {
        var rows = await RowsAsync("select distinct column_name, data_type from information_schema.columns "
            + "where table_schema = database() and table_name not like 'pawl!_%' escape '!';");
        types = rows.GroupBy(r => r[0]).ToDictionary(g => g.Key, g => g.First()[1], StringComparer.Ordinal);
    }

    /// <summary>A dump of the database as of one moment.</summary>
    public Task<string> DumpAsync() => ProgramAsync("mariadb-dump", "", "--single-transaction", "--hex-blob", Database);

    /// <summary>Puts a dump in the place of the database.</summary>
    /// <param name="cutOff">Whoever is connected to it is cut off; else they stay, and have no transaction open.</param>
    public async Task RestoreAsync(string dump, bool cutOff = true)
    {
        if (cutOff)
        {
            foreach (var session in await SessionsAsync()) await ProgramAsync("mariadb", $"kill {session};", "--force");
        }
        await ClientAsync($"set lock_wait_timeout = 20; drop database {Database}; create database {Database}; use {Database};\n{dump}");
        await LearnAsync();
    }

    /// <summary>A session of Pawl has a transaction open, and be it one that has only read.</summary>
    public async Task<bool> HoldsAnyAsync()
    {
        var sessions = await SessionsAsync();
        return (await StatusAsync()).Any(t => t.Contains("ACTIVE", StringComparison.Ordinal) && sessions.Contains(Thread(t)));
    }

    /// <exception cref="InvalidOperationException">It failed; what had been done by then stays done.</exception>
    private Task<string> ClientAsync(string script) => ProgramAsync("mariadb", script, "-B", "-N", "-D", Database);

    private async Task<string> ProgramAsync(string program, string script, params string[] more)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8,
        };
        string[] words = ["--no-defaults", "-S", Server.Socket, "-u", "root", "--default-character-set=utf8mb4", .. more];
        foreach (var word in words) info.ArgumentList.Add(word);
        using var client = Process.Start(info)!;
        var output = client.StandardOutput.ReadToEndAsync();
        var errors = client.StandardError.ReadToEndAsync();
        try
        {
            await client.StandardInput.WriteAsync(script + "\n");
            client.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything: its exit code and words say why.
        }
        await client.WaitForExitAsync();
        if (client.ExitCode != 0) throw new InvalidOperationException($"{program} {Database}: {await errors}\n{script}");
        return await output;
    }

    /// <summary>What the program writes of a cell in batch mode, back.</summary>
    private static string Plain(string cell)
    {
        if (!cell.Contains('\\', StringComparison.Ordinal)) return cell;
        var text = new StringBuilder();
        for (var i = 0; i < cell.Length; i++)
        {
            if (cell[i] != '\\') text.Append(cell[i]);
            else text.Append(cell[++i] switch { 'n' => '\n', 't' => '\t', '0' => '\0', var c => c });
        }
        return text.ToString();
    }
}
