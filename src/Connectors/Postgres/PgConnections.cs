using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>What a session is for; part of its application name.</summary>
internal enum PgRole
{
    /// <summary>Catalogue, plans, comparisons.</summary>
    Look,
    /// <summary>Reads the rows of a split.</summary>
    Read,
    /// <summary>Holds an exported snapshot.</summary>
    Snapshot,
    /// <summary>Writes a lane group.</summary>
    Write,
    /// <summary>Control tables, leases, heartbeats, DDL.</summary>
    Control,
    /// <summary>Holds a session lock.</summary>
    Lock,
    /// <summary>Cancels or ends another session.</summary>
    Terminate,
}

/// <summary>
/// Opens sessions, all alike: never pooled, and every setting that changes how a value looks or what a statement sees is stated, whatever
/// the server's, the database's or the role's defaults are.
/// </summary>
internal static class PgConnections
{
    /// <summary>By connection string: what is the same for all sessions of one address and role, worked out once. No connections.</summary>
    private static readonly ConcurrentDictionary<string, NpgsqlDataSource> Sources = new();

    /// <summary>Names this process to the server; a sink may put its runner's uuid in its place. <c>pawl/RUNNER/role</c>.</summary>
    public static string ProcessRunner { get; } = string.Create(CultureInfo.InvariantCulture,
        $"{Environment.MachineName}-{Environment.ProcessId}");

    /// <summary>Beginning of the application name of every session of one runner.</summary>
    public static string ApplicationPrefix(string runner)
    {
        // NAMEDATALEN: the server cuts what is longer.
        var prefix = $"pawl/{new string([.. runner.Where(c => c is > ' ' and < '\u007f' and not '/')])}";
        return prefix.Length <= 52 ? prefix : prefix[..52];
    }

    /// <summary>Opens a session and sets it up. The caller disposes it.</summary>
    /// <param name="runner">Who this is, without slashes; null = <see cref="ProcessRunner"/>.</param>
    /// <exception cref="PawlException">Classified by <see cref="PgFaults"/>.</exception>
    public static async ValueTask<NpgsqlConnection> OpenAsync(PgOptions at, PgRole role, CancellationToken ct, string? runner = null)
    {
        var name = $"{ApplicationPrefix(runner ?? ProcessRunner)}/{role.ToString().ToLowerInvariant()}";
        NpgsqlConnection? connection = null;
        try
        {
            connection = await Sources.GetOrAdd(ConnectionString(at, name), Source, at).OpenConnectionAsync(ct).ConfigureAwait(false);
            await using var setup = new NpgsqlCommand(Settings(at, role), connection);
            await setup.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            if (connection is not null) await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw PgFaults.Classify(e, at, "connect", grant: e is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege }
                ? $"GRANT CONNECT ON DATABASE {PgNames.Quote(at.Database)} TO {PgNames.Quote(at.User)}" : null);
        }
    }

    private static string ConnectionString(PgOptions at, string name) => new NpgsqlConnectionStringBuilder
    {
        Host = at.Host, Port = at.Port, Database = at.Database, Username = at.User, Password = at.Password,
        SslMode = at.Ssl, RootCertificate = at.SslRootCertificate, SslCertificate = at.SslCertificate, SslKey = at.SslKey,
        // Encryption by a ticket proves nothing to sslmode, and asking for it costs a round trip.
        GssEncryptionMode = GssEncryptionMode.Disable,
        ApplicationName = name,
        Pooling = false, Enlist = false, Multiplexing = false,
        // The statements of fixed text come again for every table; to parse and plan them costs more than to run them.
        MaxAutoPrepare = 24, AutoPrepareMinUsages = 2,
        Timeout = (int)Math.Ceiling(at.ConnectTimeout.TotalSeconds), CommandTimeout = 0, CancellationTimeout = 5_000,
        // A peer that is gone without a word is noticed within 30 s + 3 × 10 s, also by a session that waits for an answer. A unix socket
        // ends with its peer, and the driver fails where these are set for one.
        TcpKeepAlive = !at.OverSocket, TcpKeepAliveTime = at.OverSocket ? 0 : 30, TcpKeepAliveInterval = at.OverSocket ? 0 : 10,
        // Rows in bulk go around the driver's buffers, and every session has two.
        ReadBufferSize = 64 * 1024, WriteBufferSize = 64 * 1024,
        IncludeErrorDetail = true,
    }.ConnectionString;

    private static NpgsqlDataSource Source(string connectionString, PgOptions at)
    {
        PgCertificates.Check(at);
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        // Nothing asks for types by name: the catalogue query at every connection would be for nothing.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    private static string Settings(PgOptions at, PgRole role)
    {
        static string Milliseconds(TimeSpan t) => ((long)t.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        List<string> settings =
        [
            "client_encoding = 'UTF8'", "TimeZone = 'UTC'", "DateStyle = 'ISO, YMD'", "IntervalStyle = 'postgres'",
            "extra_float_digits = 3", "bytea_output = 'hex'", "lc_monetary = 'C'", "xmloption = 'content'", "xmlbinary = 'base64'",
            "standard_conforming_strings = on", "array_nulls = on", "transform_null_equals = off",
            "quote_all_identifiers = off",
            "search_path = pg_catalog, pg_temp",
            $"statement_timeout = {Milliseconds(at.StatementTimeout)}", $"lock_timeout = {Milliseconds(at.LockTimeout)}",
            // A trigger that tells something of every row would fill the way back while a COPY is on its way there: nobody could go on.
            "client_min_messages = 'error'",
            "idle_in_transaction_session_timeout = 0", "idle_session_timeout = 0",
            "default_transaction_isolation = 'read committed'", "default_transaction_deferrable = off",
            // Rows that a policy hides would be missing without a word: an error instead.
            "row_security = off",
            // The catalogue of many tables is estimated dear enough to be compiled, which takes seconds and gains nothing.
            "jit = off",
            // A backend whose client is gone ends within seconds even while it sorts.
            "client_connection_check_interval = 2000",
        ];
        if (role is PgRole.Write or PgRole.Control) settings.Add("synchronous_commit = on");
        var isReading = role is PgRole.Look or PgRole.Read or PgRole.Snapshot;
        settings.Add(isReading
            ? "default_transaction_read_only = on" : "default_transaction_read_only = off");
        // Version 17 and later: a default of the role or database would end a transaction wherever it is.
        return string.Join("; ", settings.Select(s => $"set {s}")) + "; select set_config('transaction_timeout', '0', false) "
            + "where current_setting('server_version_num')::int4 >= 170000"
            // A database without an encoding refuses to send what is not UTF-8 to who asks for UTF-8: one such text would stop the table.
            + (isReading ? "; select set_config('client_encoding', 'SQL_ASCII', false) "
                + "where current_setting('server_encoding') = 'SQL_ASCII'" : "");
    }
}
