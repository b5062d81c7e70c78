using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Looks at a server without changing anything there. Reports what it finds; throws for nothing that can be found.
/// </summary>
internal static class MyProbe
{
    private const int DatabaseRefused = 1044;
    private static readonly Version LeastMariaDb = new(10, 5), LeastMySql = new(8, 0);

    public static async ValueTask<ProbeReport> LookAsync(ProbeRequest request, CancellationToken ct)
    {
        MyAddress? at = null;
        // Which of the two it is the server itself says.
        var product = request.At.Scheme == "mariadb" ? "MariaDB" : "";
        // A server that lets us in answers, even where it then refuses to tell everything.
        var isReached = false;
        try
        {
            at = MyAddresses.Parse(request.At);
            await using var connection = await OpenAsync(at, request, ct).ConfigureAwait(false);
            isReached = true;
            at = at.At(connection.Server);
            product = $"{(connection.Server.IsMariaDb ? "MariaDB" : "MySQL")} {connection.Server.Version}";
            return request.AnswersOnly ? new ProbeReport(true, product, [])
                : await ReportAsync(new MyLook(connection, at, request), product, ct).ConfigureAwait(false);
        }
        catch (PawlException e)
        {
            return new ProbeReport(isReached, product, [ProbeFinding.Of(e)]);
        }
        catch (Exception e) when (e is MyServerException or MyProtocolException or MyRefusedException or IOException)
        {
            return new ProbeReport(isReached && e is MyServerException, product, [ProbeFinding.Of(MyFaults.Classify(e, at!.Server,
                "probe"))]);
        }
    }

    /// <summary>A target's database that may not be entered yet is no reason to be silent about what else is missing.</summary>
    private static async ValueTask<MyConnection> OpenAsync(MyAddress at, ProbeRequest request, CancellationToken ct)
    {
        try
        {
            return await MySessions.OpenAsync(at, ct).ConfigureAwait(false);
        }
        catch (PawlException e) when (request.Role == ProbeRole.Target && e.InnerException is MyServerException { Number: DatabaseRefused })
        {
            return await MySessions.OpenAsync(at with { Server = at.Server with { Database = null } }, ct).ConfigureAwait(false);
        }
    }

    private static async ValueTask<ProbeReport> ReportAsync(MyLook look, string product, CancellationToken ct)
    {
        var (server, request) = (look.Connection.Server, look.Request);
        var least = server.IsMariaDb ? LeastMariaDb : LeastMySql;
        var findings = new List<ProbeFinding>
        {
            ProbeFinding.Good(FindingCodes.Reached, ("user", server.Account), ("database", look.At.Database ?? "*")),
            server.Version >= least ? ProbeFinding.Good(FindingCodes.Version, ("version", server.VersionText))
                : ProbeFinding.Broken(Fault.Configuration, FindingCodes.VersionOld, ("version", server.VersionText), ("least", least)),
            Encryption(look.At, server),
        };
        if (request.Role == ProbeRole.Target && server.ReadOnly)
        {
            // Rights and settings of the primary are the primary's to tell.
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.ServerReadOnly, ("endpoint", look.At.Display),
                ("cause", "read_only is set"))));
            return new ProbeReport(true, product, findings);
        }
        var settings = await MyProbeSettings.ReadAsync(look, ct).ConfigureAwait(false);
        findings.AddRange(await settings.FindingsAsync(ct).ConfigureAwait(false));
        findings.Add(await ConnectionsAsync(look.Connection, request, ct).ConfigureAwait(false));
        var bytes = -1L;
        if (request.Role != ProbeRole.Target)
        {
            var (found, size) = await MyProbeSource.LookAsync(look.Connection, look.At, request, ct).ConfigureAwait(false);
            findings.AddRange(found);
            bytes = size;
        }
        else
        {
            findings.AddRange(await MyProbeTarget.LookAsync(look, ct).ConfigureAwait(false));
            findings.Add(await SpaceAsync(look, ct).ConfigureAwait(false));
        }
        return new ProbeReport(true, product, findings) { Bytes = bytes };
    }

    private static ProbeFinding Encryption(MyAddress at, MyServerFacts server)
    {
        var host = at.Server.Host;
        if (server.Tls is { } protocol)
        {
            return at.Server.EffectiveTls == MyTls.Verify ? ProbeFinding.Good(FindingCodes.Encrypted, ("protocol", protocol), ("host",
                host))
                : ProbeFinding.Warning(FindingCodes.EncryptedUnchecked, ("protocol", protocol), ("host", host), ("set", "tls=verify"));
        }
        return at.Server.IsLocal ? ProbeFinding.Good(FindingCodes.EncryptedLocal, ("host", host))
            : ProbeFinding.Warning(FindingCodes.EncryptedNot, ("host", host), ("unset", "tls=off"));
    }

    /// <summary>
    /// Sessions beside those of the lanes: a source's look; a target's ledger, lock, and looks or DDL. One moment takes eight at once,
    /// whatever the lanes are, the one that locks, and the look that wants it.
    /// </summary>
    private static async ValueTask<ProbeFinding> ConnectionsAsync(MyConnection connection, ProbeRequest request, CancellationToken ct)
    {
        var row = (await connection.RowsAsync("select @@global.max_connections, @@max_user_connections", ct).ConfigureAwait(false))[0];
        var used = (await connection.RowsAsync("show global status like 'Threads_connected'", ct).ConfigureAwait(false))[0][1];
        long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
        var limit = Number(row[1]) is > 0 and var own ? Math.Min(own, Number(row[0])) : Number(row[0]);
        const int OfAMoment = 10;
        var needed = request.Lanes == 0 ? 1 : request.Lanes + (request.Role == ProbeRole.Target ? 4 : 2);
        if (request.OneSnapshot && request.Role != ProbeRole.Target) needed = Math.Max(needed, OfAMoment);
        // This look's own session is over by then.
        var free = Math.Max(0, limit - Number(used) + 1);
        (string, object?)[] details = [("needed", needed), ("free", free), ("limit", limit)];
        return limit < needed ? ProbeFinding.Broken(Fault.Configuration, FindingCodes.ConnectionsLimit, details)
            : free < needed ? ProbeFinding.Warning(FindingCodes.ConnectionsFew, details)
            : ProbeFinding.Good(FindingCodes.Connections, details);
    }

    /// <summary>A server does not tell the space of its disks. Where its folder is on this machine, it can be looked up.</summary>
    private static async ValueTask<ProbeFinding> SpaceAsync(MyLook look, CancellationToken ct)
    {
        var rows = await look.Connection.RowsAsync("select @@global.datadir, (select sum(data_length + index_length) from "
            + $"information_schema.tables where table_schema = {MyQuote.Text(look.At.Database ?? "")})", ct).ConfigureAwait(false);
        var needed = look.Request.IncomingBytes;
        (string, object?)[] details = [("needed_bytes", needed < 0 ? null : needed), ("used_bytes", rows[0][1])];
        if (!look.At.Server.IsLocal || rows[0][0] is not { } folder || FreeBytes(folder) is not { } free)
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
internal sealed record MyLook(MyConnection Connection, MyAddress At, ProbeRequest Request);
