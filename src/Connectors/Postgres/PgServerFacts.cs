namespace Pawl.Connectors.Postgres;

/// <summary>What a server says of itself to any role. Immutable.</summary>
internal sealed record PgServerFacts
{
    private const string Look = """
        select current_setting('server_version'), current_setting('server_version_num')::int4, current_user::text,
            current_database()::text, current_setting('server_encoding'), pg_is_in_recovery(), current_setting('wal_level'),
            current_setting('fsync'), current_setting('full_page_writes'),
            current_setting('max_replication_slots')::int8, (select count(*) from pg_replication_slots),
            current_setting('max_wal_senders')::int8, (select count(*) from pg_stat_get_wal_senders()),
            (select coalesce(version, 'TLS') from pg_stat_ssl where pid = pg_backend_pid() and ssl),
            pg_database_size(current_database()), (select setting from pg_settings where name = 'data_directory'),
            current_setting('max_connections')::int8
                - case when r.rolsuper then 0 else (select sum(setting::int8)::int8 from pg_settings
                    where name in ('superuser_reserved_connections', 'reserved_connections')) end,
            (select count(*) from pg_stat_activity where datid is not null), r.rolconnlimit::int8,
            (select count(*) from pg_stat_activity where usesysid = r.oid and datid is not null), d.datconnlimit::int8,
            (select count(*) from pg_stat_activity where datid = d.oid)
        from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()
        """;

    private const string Defaults = """
        select name, reset_val from pg_settings where name in ('TimeZone', 'statement_timeout', 'lock_timeout',
            'idle_in_transaction_session_timeout', 'idle_session_timeout', 'default_transaction_read_only')
        """;

    private IReadOnlyDictionary<string, string> defaults = new Dictionary<string, string>();

    public required string Version { get; init; }
    /// <summary>As 150008.</summary>
    public required int Number { get; init; }
    public required string User { get; init; }
    public required string Database { get; init; }
    public required string Encoding { get; init; }
    public required bool IsStandby { get; init; }
    public required string WalLevel { get; init; }
    public required string Fsync { get; init; }
    public required string FullPages { get; init; }
    public required long MostSlots { get; init; }
    public required long Slots { get; init; }
    public required long MostSenders { get; init; }
    public required long Senders { get; init; }
    /// <summary>Protocol of this session's encryption; null = none.</summary>
    public string? Tls { get; init; }
    public required long DatabaseBytes { get; init; }
    /// <summary>Null = this role may not know it.</summary>
    public string? DataFolder { get; init; }
    /// <summary>Sessions that this role could have at all: the least of the server's, its own and the database's limit.</summary>
    public required long ConnectionLimit { get; init; }
    /// <summary>How many of them nobody has now.</summary>
    public required long FreeConnections { get; init; }

    public string Zone => Default("TimeZone");

    /// <summary>
    /// A setting as it is at the start of a session: server's, database's and role's defaults, before Pawl has set its own. Milliseconds.
    /// </summary>
    public string Default(string setting) => defaults.GetValueOrDefault(setting) ?? "";

    public static async ValueTask<PgServerFacts> ReadAsync(PgLook look, CancellationToken ct)
    {
        var row = (await look.QueryAsync(Look, ct).ConfigureAwait(false))[0];
        var settings = await look.QueryAsync(Defaults, ct).ConfigureAwait(false);
        var server = ((long)row[16]!, (long)row[17]!);
        // -1 = no limit.
        (long Limit, long Used)[] limits =
        [
            server, .. new[] { ((long)row[18]!, (long)row[19]!), ((long)row[20]!, (long)row[21]!) }.Where(l => l.Item1 >= 0),
        ];
        return new PgServerFacts
        {
            Version = ((string)row[0]!).Split(' ')[0], Number = (int)row[1]!, User = (string)row[2]!, Database = (string)row[3]!,
            Encoding = (string)row[4]!, IsStandby = (bool)row[5]!, WalLevel = (string)row[6]!, Fsync = (string)row[7]!,
            FullPages = (string)row[8]!, MostSlots = (long)row[9]!, Slots = (long)row[10]!, MostSenders = (long)row[11]!,
            Senders = (long)row[12]!, Tls = (string?)row[13], DatabaseBytes = (long)row[14]!, DataFolder = (string?)row[15],
            ConnectionLimit = limits.Min(l => l.Limit), FreeConnections = limits.Min(l => l.Limit - l.Used),
            defaults = settings.ToDictionary(s => (string)s[0]!, s => (string)s[1]!),
        };
    }
}
