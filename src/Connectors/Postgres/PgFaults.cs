using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// The one place where PostgreSQL's and the driver's errors become faults. Three rings: the server said no, the connection broke, the
/// caller's own mistake. https://www.postgresql.org/docs/current/errcodes-appendix.html
/// </summary>
internal static class PgFaults
{
    /// <summary>Characters of a statement that an error repeats: one of 1 600 columns would fill the screen.</summary>
    private const int MostSql = 400;

    /// <param name="e">What the driver threw; a <see cref="PawlException"/> is returned as it is.</param>
    /// <param name="doing">The statement, or a word for the call; holds no values.</param>
    /// <param name="table">The table it was about.</param>
    /// <param name="grant">The statement that would give a missing right, if the caller knows it.</param>
    public static PawlException Classify(Exception e, PgOptions at, string doing, TableName? table = null, string? grant = null) => e switch
    {
        PawlException known => known,
        PostgresException said => Server(said, at, doing, table, grant),
        _ when Cause<PostgresException>(e) is { } inner => Server(inner, at, doing, table, grant),
        _ when Cause<AuthenticationException>(e) is { } tls => new(Fault.Configuration, Codes.TlsRefused, e, ("endpoint", at.Display),
            ("host", at.Host), ("cause", Innermost(tls).Message)),
        NpgsqlException { InnerException: null } own when own.Message.Contains("SSL", StringComparison.Ordinal) =>
            new(Fault.Configuration, Codes.TlsRefused, e, ("endpoint", at.Display), ("host", at.Host), ("cause", own.Message)),
        NpgsqlException { InnerException: null } own when own.Message.Contains("password", StringComparison.OrdinalIgnoreCase) =>
            new(Fault.Permission, Codes.LoginRefused, e, ("endpoint", at.Display), ("user", at.User), ("cause", own.Message),
                ("login", ByHand(at))),
        NpgsqlException or IOException or SocketException or TimeoutException or ObjectDisposedException =>
            new(Fault.Transient, Codes.Unreachable, e, ("endpoint", at.Display), ("cause", Innermost(e).Message)),
        _ => new(Fault.Bug, Codes.Unexpected, e, ("endpoint", at.Display), ("cause", $"{e.GetType().Name}: {e.Message}"), ("sql", doing)),
    };

    private static PawlException Server(PostgresException e, PgOptions at, string doing, TableName? table, string? grant)
    {
        var (fault, code) = Meaning(e);
        List<(string, object?)> details = [("endpoint", at.Display), ("native", e.SqlState), ("cause", Words(e, fault))];
        if (table is not null || e.TableName is not null)
        {
            details.Add(("table", table?.ToString() ?? (e.SchemaName is null ? e.TableName : $"{e.SchemaName}.{e.TableName}")));
        }
        if (e.ColumnName is not null) details.Add(("column", e.ColumnName));
        if (e.ConstraintName is not null) details.Add(("constraint", e.ConstraintName));
        if (code == Codes.LoginRefused) details.AddRange([("user", at.User), ("login", ByHand(at))]);
        if (code == Codes.GrantMissing) details.Add(("grant", grant ?? $"-- {e.MessageText}"));
        details.Add(("sql", doing.Length <= MostSql ? doing : doing[..MostSql] + " …"));
        return new PawlException(fault, code, e, [.. details]);
    }

    private static (Fault Fault, string Code) Meaning(PostgresException e) => e.SqlState switch
    {
        "40001" or "40P01" or "55P03" or "55006" => (Fault.Transient, Codes.Busy),
        "72000" => (Fault.PositionLost, Codes.SnapshotLost),
        "40002" or "40000" => (Fault.Transient, Codes.CommitRefused),
        "40003" => (Fault.Transient, Codes.CommitUnknown),
        "42501" => (Fault.Permission, Codes.GrantMissing),
        "42P01" or "3F000" => (Fault.Schema, Codes.TableMissing),
        "42703" => (Fault.Schema, Codes.ColumnMissing),
        "42P05" or "0A000" when e.MessageText.Contains("cached plan", StringComparison.Ordinal) => (Fault.Schema, Codes.SchemaChanged),
        "42804" or "42P16" or "42P07" or "42701" => (Fault.Schema, Codes.SchemaChanged),
        "42622" => (Fault.Configuration, Codes.NameTooLong),
        "3D000" => (Fault.Configuration, Codes.DatabaseMissing),
        "25006" => (Fault.Configuration, Codes.ServerReadOnly),
        "25P03" or "25P04" or "57P05" => (Fault.Transient, Codes.Unreachable),
        "53100" => (Fault.Transient, Codes.DiskFull),
        "53300" => (Fault.Throttled, Codes.TooManyConnections),
        "53200" => (Fault.Transient, Codes.InputOutput),
        "54000" or "54001" or "54023" or "54011" => (Fault.Data, Codes.ValueTooLarge),
        "58030" or "58P01" => (Fault.Transient, Codes.InputOutput),
        "57014" => (Fault.Transient, Codes.StatementCancelled),
        "22001" or "22003" => (Fault.Data, Codes.ValueBeyond),
        "22021" or "22P05" => (Fault.Data, Codes.TextUnfit),
        "XX001" or "XX002" => (Fault.Configuration, Codes.DatabaseCorrupt),
        _ => e.SqlState[..2] switch
        {
            "08" or "57" => (Fault.Transient, Codes.Unreachable),
            "53" => (Fault.Transient, Codes.Busy),
            "54" => (Fault.Data, Codes.ValueTooLarge),
            "28" => (Fault.Permission, Codes.LoginRefused),
            "22" => (Fault.Data, Codes.TypeMismatch),
            "23" => (Fault.Data, Codes.RowRefused),
            "25" or "2D" => (Fault.Transient, Codes.CommitRefused),
            "42" or "26" => (Fault.Bug, Codes.Unexpected),
            "58" => (Fault.Transient, Codes.InputOutput),
            _ => (Fault.Bug, Codes.Unexpected),
        },
    };

    /// <summary>
    /// The server's words. Of a refused row only the message: the detail repeats the row's values, which may not be anybody's to read.
    /// </summary>
    private static string Words(PostgresException e, Fault fault) =>
        fault == Fault.Data || string.IsNullOrEmpty(e.Detail) ? e.MessageText : $"{e.MessageText}: {e.Detail}";

    /// <summary>The user's own expression is wrong (syntax, unknown name, type), not the state of the server.</summary>
    public static bool IsStatement(PostgresException e) =>
        e.SqlState[..2] is "42" or "22" or "2F" or "0A" or "38" or "39" && e.SqlState != "42501" && e.SqlState != "42P01";

    public static bool IsConstraint(PawlException e) =>
        e.Code is Codes.RowRefused or Codes.TypeMismatch or Codes.ValueTooLarge or Codes.TextUnfit or Codes.ValueBeyond;

    /// <summary>The code under which a refused row is set aside.</summary>
    public static string RejectCode(PawlException e) => (e.Code, e.Details.GetValueOrDefault("native")) switch
    {
        (Codes.RowRefused, "23502") => Codes.NullRefused,
        (Codes.RowRefused, "23505") => Codes.DuplicateRefused,
        (Codes.RowRefused, "23503") => Codes.ReferenceMissing,
        (Codes.RowRefused, "23514") => Codes.CheckFailed,
        _ => e.Code,
    };

    private static T? Cause<T>(Exception e) where T : Exception
    {
        for (var at = e; at is not null; at = at.InnerException)
        {
            if (at is T found) return found;
        }
        return null;
    }

    /// <summary>The login as somebody types it.</summary>
    private static string ByHand(PgOptions at) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"psql -U {at.User} -h {at.Host} -p {at.Port} -d {at.Database}");

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner) e = inner;
        return e;
    }
}
