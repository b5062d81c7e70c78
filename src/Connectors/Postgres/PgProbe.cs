using System.Globalization;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Looks at a database without changing it, on one session that may only read. Reports what it finds; throws for nothing that can be found.
/// </summary>
internal static class PgProbe
{
    private const int LeastVersion = 140_000;

    public static async ValueTask<ProbeReport> LookAsync(ProbeRequest request, CancellationToken ct)
    {
        PgOptions? at = null;
        // A server that lets us in answers, even where it then refuses to tell everything.
        var isReached = false;
        try
        {
            at = PgOptions.Parse(request.At);
            await using var connection = await PgConnections.OpenAsync(at, PgRole.Look, ct).ConfigureAwait(false);
            isReached = true;
            return request.AnswersOnly ? new ProbeReport(true, "PostgreSQL", [])
                : await ReportAsync(new PgLook(connection, at, request), ct).ConfigureAwait(false);
        }
        catch (PawlException e)
        {
            return new ProbeReport(isReached, "PostgreSQL", [ProbeFinding.Of(e)]);
        }
        catch (NpgsqlException e)
        {
            return new ProbeReport(isReached && e is PostgresException, "PostgreSQL",
                [ProbeFinding.Of(PgFaults.Classify(e, at!, "probe"))]);
        }
    }

    private static async ValueTask<ProbeReport> ReportAsync(PgLook look, CancellationToken ct)
    {
        var server = await PgServerFacts.ReadAsync(look, ct).ConfigureAwait(false);
        var findings = new List<ProbeFinding>
        {
            ProbeFinding.Good(FindingCodes.Reached, ("user", server.User), ("database", server.Database)),
            server.Number >= LeastVersion ? ProbeFinding.Good(FindingCodes.Version, ("version", server.Version))
                : ProbeFinding.Broken(Fault.Configuration, FindingCodes.VersionOld, ("version", server.Version), ("least", "14")),
            Encryption(look.At, server),
        };
        var bytes = -1L;
        if (server.IsStandby && look.Request.Role == ProbeRole.Target)
        {
            // Rights and space of the primary are the primary's to tell.
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.ServerReadOnly, ("endpoint", look.At.Display),
                ("cause", "it is a standby that follows another server"))));
            return new ProbeReport(true, $"PostgreSQL {server.Version}", findings);
        }
        findings.AddRange(Settings(look, server));
        findings.Add(Connections(look.Request, server));
        if (look.Request.Role != ProbeRole.Target)
        {
            var (found, size) = await PgProbeSource.LookAsync(look, server, ct).ConfigureAwait(false);
            findings.AddRange(found);
            bytes = size;
        }
        if (look.Request.Role == ProbeRole.Target)
        {
            findings.AddRange(await PgProbeTarget.LookAsync(look, server, ct).ConfigureAwait(false));
            findings.Add(Space(look, server));
        }
        return new ProbeReport(true, $"PostgreSQL {server.Version}", findings) { Bytes = bytes };
    }

    private static ProbeFinding Encryption(PgOptions at, PgServerFacts server)
    {
        if (server.Tls is { } protocol)
        {
            return at.Ssl is SslMode.VerifyFull ? ProbeFinding.Good(FindingCodes.Encrypted, ("protocol", protocol), ("host", at.Host))
                : at.Ssl is SslMode.VerifyCA ? ProbeFinding.Good(FindingCodes.Encrypted, ("protocol", protocol))
                : ProbeFinding.Warning(FindingCodes.EncryptedUnchecked, ("protocol", protocol), ("host", at.Host),
                    ("set", "sslmode=verify-full"));
        }
        return at.IsLocal ? ProbeFinding.Good(FindingCodes.EncryptedLocal, ("host", at.Host))
            : ProbeFinding.Warning(FindingCodes.EncryptedNot, ("host", at.Host), ("unset", "sslmode=disable"));
    }

    private static IEnumerable<ProbeFinding> Settings(PgLook look, PgServerFacts server)
    {
        var role = look.Request.Role;
        yield return ProbeFinding.Good(server.IsStandby ? FindingCodes.Standby : FindingCodes.Primary);
        yield return server.Encoding == "SQL_ASCII" ? ProbeFinding.Warning(FindingCodes.EncodingNone, ("encoding", server.Encoding))
            : ProbeFinding.Good(FindingCodes.Encoding, ("encoding", server.Encoding));
        yield return ProbeFinding.Good(FindingCodes.Zone, ("zone", server.Zone), ("session", "UTC"));
        if (role != ProbeRole.Target)
        {
            yield return ProbeFinding.Note(FindingCodes.Log, ("level", server.WalLevel), ("slots", server.Slots),
                ("most_slots", server.MostSlots), ("senders", server.Senders), ("most_senders", server.MostSenders));
        }
        if (role != ProbeRole.Source)
        {
            string[] off = [.. new[] { ("fsync", server.Fsync), ("full_page_writes", server.FullPages) }.Where(s => s.Item2 != "on")
                .Select(s => s.Item1)];
            yield return off.Length == 0 ? ProbeFinding.Good(FindingCodes.Durable, ("setting", "synchronous_commit"), ("value", "on"))
                : ProbeFinding.Warning(FindingCodes.DurableOff, ("setting", string.Join(", ", off))) with
                {
                    Mend = [.. off.Select(s => $"ALTER SYSTEM SET {s} = on;"), "SELECT pg_reload_conf();"],
                };
        }
        string[] own = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"];
        var set = own.Where(s => server.Default(s) is not ("0" or "")).Select(s => $"{s} = {server.Default(s)} ms").ToArray();
        if (set.Length > 0) yield return ProbeFinding.Note(FindingCodes.Overridden, ("settings", string.Join(", ", set)));
        if (server.Default("default_transaction_read_only") == "on" && role == ProbeRole.Target)
        {
            yield return ProbeFinding.Note(FindingCodes.Overridden, ("settings", "default_transaction_read_only = on"));
        }
    }

    /// <summary>Sessions beside those of the lanes: a source's look and snapshot; a target's ledger, lock, and looks or DDL.</summary>
    private static ProbeFinding Connections(ProbeRequest request, PgServerFacts server)
    {
        var needed = request.Lanes == 0 ? 1 : request.Lanes + (request.Role == ProbeRole.Target ? 4 : 2);
        // This look's own session is over by then.
        var free = server.FreeConnections + 1;
        (string, object?)[] details = [("needed", needed), ("free", Math.Max(0, free)), ("limit", server.ConnectionLimit)];
        return server.ConnectionLimit < needed ? ProbeFinding.Broken(Fault.Configuration, FindingCodes.ConnectionsLimit, details)
            : free < needed ? ProbeFinding.Warning(FindingCodes.ConnectionsFew, details)
            : ProbeFinding.Good(FindingCodes.Connections, details);
    }

    /// <summary>
    /// A server does not tell the space of its disks. Where the folder is on this machine and its name may be known, it can be looked up.
    /// </summary>
    private static ProbeFinding Space(PgLook look, PgServerFacts server)
    {
        var needed = look.Request.IncomingBytes;
        (string, object?)[] details = [("needed_bytes", needed < 0 ? null : needed), ("used_bytes", server.DatabaseBytes)];
        if (!look.At.IsLocal || server.DataFolder is not { } folder || FreeBytes(folder) is not { } free)
        {
            return ProbeFinding.Note(FindingCodes.SpaceUnseen, details);
        }
        details = [.. details, ("free_bytes", free), ("folder", folder)];
        return needed > free ? ProbeFinding.Warning(FindingCodes.SpaceShort, details) : ProbeFinding.Good(FindingCodes.Space, details);
    }

    private static long? FreeBytes(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? new DriveInfo(folder).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not ours to see: the same as a folder on another machine.
            return null;
        }
    }
}

/// <summary>One look: its session, what the URL says, what it is for.</summary>
internal sealed record PgLook(NpgsqlConnection Connection, PgOptions At, ProbeRequest Request)
{
    /// <summary>All rows of a query with text parameters.</summary>
    public async ValueTask<List<object?[]>> QueryAsync(string sql, CancellationToken ct, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        foreach (var value in values) command.Parameters.AddWithValue(value);
        await using var reader = await command.ExecuteReaderAsync(ct).ConfigureAwait(false);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(ct).ConfigureAwait(false))
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }
        return rows;
    }

    /// <summary>At most a few names, and how many more there are.</summary>
    public static string Names(IReadOnlyCollection<string> names)
    {
        const int most = 5;
        return names.Count <= most ? string.Join(", ", names)
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(most))} … (+{names.Count - most})");
    }
}
