using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Looks at a database without changing it, on one session. Reports what it finds; throws for nothing that can be found.
/// </summary>
internal static partial class MyProbe
{
    private static readonly Version LeastMariaDb = new(10, 5), LeastMySql = new(8, 0);

    public static async ValueTask<ProbeReport> LookAsync(ProbeRequest request, CancellationToken ct)
    {
        MyAddress? at = null;
        var product = "MySQL";
        // A server that lets us in answers, even where it then refuses to tell everything.
        var isReached = false;
        try
        {
            at = MyAddresses.Parse(request.At);
            await using var connection = await MySessions.OpenAsync(at, ct).ConfigureAwait(false);
            isReached = true;
            at = at.At(connection.Server);
            product = $"{(connection.Server.IsMariaDb ? "MariaDB" : "MySQL")} {connection.Server.Version}";
            return request.AnswersOnly ? new ProbeReport(true, product, [])
                : await ReportAsync(connection, at, request, product, ct).ConfigureAwait(false);
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

    private static async ValueTask<ProbeReport> ReportAsync(MyConnection connection, MyAddress at, ProbeRequest request, string product,
        CancellationToken ct)
    {
        var server = connection.Server;
        var least = server.IsMariaDb ? LeastMariaDb : LeastMySql;
        var user = (await connection.RowsAsync("select current_user()", ct).ConfigureAwait(false))[0][0];
        var findings = new List<ProbeFinding>
        {
            ProbeFinding.Good(FindingCodes.Reached, ("user", user), ("database", at.Database ?? "*")),
            server.Version >= least ? ProbeFinding.Good(FindingCodes.Version, ("version", server.VersionText))
                : ProbeFinding.Broken(Fault.Configuration, FindingCodes.VersionOld, ("version", server.VersionText), ("least", least)),
            Encryption(at, server),
        };
        if (request.Role == ProbeRole.Target && server.ReadOnly)
        {
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.ServerReadOnly, ("endpoint", at.Display),
                ("cause", "read_only is set"))));
            return new ProbeReport(true, product, findings);
        }
        findings.Add(ProbeFinding.Good(FindingCodes.Encoding, ("encoding", server.Charset)));
        findings.Add(ProbeFinding.Good(FindingCodes.Zone, ("zone", server.TimeZone), ("session", "UTC")));
        findings.Add(await ConnectionsAsync(connection, request, ct).ConfigureAwait(false));
        var bytes = -1L;
        if (request.Role != ProbeRole.Target)
        {
            var (found, size) = await MyProbeSource.LookAsync(connection, at, request, ct).ConfigureAwait(false);
            findings.AddRange(found);
            bytes = size;
        }
        else
        {
            var more = new List<ProbeFinding>();
            var looking = default(ValueTask);
            LookAtTarget(connection, at, request, more, ref looking, ct);
            await looking.ConfigureAwait(false);
            findings.AddRange(more);
        }
        return new ProbeReport(true, product, findings) { Bytes = bytes };
    }

    /// <summary>A target's rights and settings.</summary>
    static partial void LookAtTarget(MyConnection connection, MyAddress at, ProbeRequest request, List<ProbeFinding> findings,
        ref ValueTask looking, CancellationToken ct);

    private static ProbeFinding Encryption(MyAddress at, MyServerFacts server)
    {
        var host = at.Server.Host;
        if (server.Tls is { } protocol)
        {
            return at.Server.EffectiveTls == MyTls.Verify ? ProbeFinding.Good(FindingCodes.Encrypted, ("protocol", protocol), ("host",
                host))
                : ProbeFinding.Warning(FindingCodes.EncryptedUnchecked, ("protocol", protocol), ("host", host));
        }
        return at.Server.IsLocal ? ProbeFinding.Good(FindingCodes.EncryptedLocal, ("host", host))
            : ProbeFinding.Warning(FindingCodes.EncryptedNot, ("host", host));
    }

    /// <summary>Sessions beside those of the lanes: a source's look; a target's ledger, lock, and looks or DDL.</summary>
    private static async ValueTask<ProbeFinding> ConnectionsAsync(MyConnection connection, ProbeRequest request, CancellationToken ct)
    {
        var row = (await connection.RowsAsync("select @@global.max_connections, @@max_user_connections", ct).ConfigureAwait(false))[0];
        var used = (await connection.RowsAsync("show global status like 'Threads_connected'", ct).ConfigureAwait(false))[0][1];
        long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
        var limit = Number(row[1]) is > 0 and var own ? Math.Min(own, Number(row[0])) : Number(row[0]);
        var needed = request.Lanes == 0 ? 1 : request.Lanes + (request.Role == ProbeRole.Target ? 4 : 2);
        // This look's own session is over by then.
        var free = Math.Max(0, limit - Number(used) + 1);
        (string, object?)[] details = [("needed", needed), ("free", free), ("limit", limit)];
        return limit < needed ? ProbeFinding.Broken(Fault.Configuration, FindingCodes.ConnectionsLimit, details)
            : free < needed ? ProbeFinding.Warning(FindingCodes.ConnectionsFew, details)
            : ProbeFinding.Good(FindingCodes.Connections, details);
    }
}
