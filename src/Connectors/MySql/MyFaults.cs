using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The one place where errors of MySQL and MariaDB become faults. Four rings: the server said no, this side refused, the connection broke,
/// the wire made no sense. https://mariadb.com/kb/en/mariadb-error-code-reference/,
/// https://dev.mysql.com/doc/mysql-errors/9.0/en/server-error-reference.html
/// </summary>
internal static class MyFaults
{
    /// <summary>Characters of a statement that an error repeats: one of 1 600 columns would fill the screen.</summary>
    private const int MostSql = 400;

    /// <summary>The most that max_allowed_packet can be set to.</summary>
    private const long MostPacket = 1 << 30;

    /// <summary>What a server says that makes no table without a primary key.</summary>
    public const string Keyless = "it makes no table without a primary key: give the source table one, or make the target with one";

    /// <summary>MySQL's setting for it, and MariaDB's.</summary>
    public static readonly string[] KeylessSettings = ["sql_require_primary_key", "innodb_force_primary_key"];

    /// <param name="e">What the protocol threw; a <see cref="PawlException"/> is returned as it is.</param>
    /// <param name="doing">The statement, or a word for the call; holds no values.</param>
    /// <param name="table">The table it was about.</param>
    /// <param name="grant">The statement that would give a missing right, if the caller knows it.</param>
    public static PawlException Classify(Exception e, MyOptions at, string doing, TableName? table = null, string? grant = null) => e switch
    {
        PawlException known => known,
        MyServerException said => Server(said, at, doing, table, grant),
        MyRefusedException { Refusal: MyRefusal.Login } => new(Fault.Permission, Codes.LoginRefused, e, ("endpoint", at.Display),
            ("user", at.User), ("cause", e.Message), ("login", ByHand(at))),
        MyRefusedException { Refusal: MyRefusal.Tls } => new(Fault.Configuration, Codes.TlsRefused, e, ("endpoint", at.Display),
            ("host", at.Host), ("cause", e.Message)),
        MyRefusedException { Refusal: MyRefusal.TooMuch } => new(Fault.Configuration, Codes.AnswerTooLarge, e, ("endpoint", at.Display),
            ("cause", e.Message)),
        MyRefusedException => new(Fault.Data, Codes.ValueTooLarge, e, ("endpoint", at.Display), ("cause", e.Message), ("table", table)),
        AuthenticationException => new(Fault.Configuration, Codes.TlsRefused, e, ("endpoint", at.Display), ("host", at.Host),
            ("cause", Innermost(e).Message)),
        // Trying again changes nothing: whatever answers there speaks otherwise.
        MyProtocolException => new(Fault.Configuration, Codes.Unreachable, e, ("endpoint", at.Display), ("cause", e.Message)),
        IOException or SocketException or TimeoutException or ObjectDisposedException =>
            new(Fault.Transient, Codes.Unreachable, e, ("endpoint", at.Display), ("cause", Innermost(e).Message)),
        _ => new(Fault.Bug, Codes.Unexpected, e, ("endpoint", at.Display), ("cause", $"{e.GetType().Name}: {e.Message}"), ("sql", doing)),
    };

    /// <summary>A row's own fault, not the server's: worth looking for the row.</summary>
    public static bool IsConstraint(PawlException e) =>
        e.Code is Codes.RowRefused or Codes.TypeMismatch or Codes.ValueTooLarge or Codes.TextUnfit or Codes.ValueBeyond;

    /// <summary>The code under which a refused row is set aside.</summary>
    public static string RejectCode(PawlException e) => (e.Code, e.Details.GetValueOrDefault("native")) switch
    {
        (Codes.RowRefused, "1048" or "1263" or "1364") => Codes.NullRefused,
        (Codes.RowRefused, "1062" or "1586" or "1022" or "1169") => Codes.DuplicateRefused,
        (Codes.RowRefused, "1452" or "1216") => Codes.ReferenceMissing,
        (Codes.RowRefused, "4025" or "3819") => Codes.CheckFailed,
        _ => e.Code,
    };

    /// <summary>The server itself has rolled back the whole transaction; after anything else it is open, or what is left of it.</summary>
    public static bool EndsTransaction(MyServerException e) =>
        e.Number is MyNumbers.Deadlock or 1206 or 1614 or 3101 || MyNumbers.EndsSession(e.Number);

    /// <summary>The user's own expression is wrong (syntax, unknown name, type), not the state of the server.</summary>
    public static bool IsStatement(MyServerException e) => e.Number is 1052 or 1054 or 1055 or 1056 or 1064 or 1109 or 1111 or 1140 or 1149
        or 1210 or 1221 or 1222 or 1235 or 1241 or 1242 or 1247 or 1267 or 1270 or 1271 or 1305 or 1318 or 1582 or 1583 or 1584 or 1630
        or 3140 or 3141 or 4038 or 4078 or 4079 || e.SqlState.StartsWith("22", StringComparison.Ordinal);

    /// <summary>LOAD DATA LOCAL is switched off at the server; INSERT does the same, slower.</summary>
    public static bool IsLoadRefused(MyServerException e) => e.Number is 1148 or 3948 or 4166;

    /// <summary>The server keeps no more prepared statements (1461), or prepares none of this kind (1295): rows go in other ways.</summary>
    public static bool IsPrepareRefused(MyServerException e) => e.Number is 1461 or 1295;

    /// <summary>
    /// What lets a server take so many bytes in one statement, twice as many where bytes go in hexadecimal. It counts for new sessions.
    /// </summary>
    public static string Raise(long bytes)
    {
        var wanted = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)bytes * 2 + (1 << 20));
        return string.Create(CultureInfo.InvariantCulture, $"set global max_allowed_packet = {Math.Min(MostPacket, wanted)}");
    }

    /// <summary>The row of the statement, from 1, that an error names; null = it names none.</summary>
    public static long? Row(MyServerException e)
    {
        const string Mark = " at row ";
        var at = e.Message.LastIndexOf(Mark, StringComparison.Ordinal);
        return at >= 0 && long.TryParse(e.Message.AsSpan(at + Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var row)
            ? row : null;
    }

    /// <summary>The column that an error names; null = it names none.</summary>
    public static string? Column(MyServerException e)
    {
        const string Mark = "column ";
        var at = e.Message.LastIndexOf(Mark, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var rest = e.Message.AsSpan(at + Mark.Length);
        // Either 'c', or `database`.`table`.`c`.
        if (rest is not ['\'' or '`', ..]) return null;
        var end = rest[0] == '\'' ? rest[1..].IndexOf('\'') + 1 : rest.LastIndexOf('`');
        if (end <= 0) return null;
        var names = rest[1..end];
        var last = names.LastIndexOf("`.`");
        return (last < 0 ? names : names[(last + 3)..]).ToString();
    }

    private static PawlException Server(MyServerException e, MyOptions at, string doing, TableName? table, string? grant)
    {
        var (fault, code) = Meaning(e);
        var isKeyless = code == Codes.ServerUnfit;
        // Refused at the door of a database, which says nothing of what is behind it.
        var cause = doing == "connect" && MyGrants.Refused(e) is not null
            ? $"{e.Message} (or there is none: an account without rights is not told)" : isKeyless ? Keyless : Words(e, fault);
        List<(string, object?)> details = [("endpoint", at.Display), ("native", e.Number), ("cause", cause)];
        if (table is not null) details.Add(("table", table));
        if (fault is Fault.Data or Fault.Schema && Column(e) is { } column) details.Add(("column", column));
        if (code == Codes.LoginRefused) details.AddRange([("user", at.User), ("login", ByHand(at))]);
        if (code == Codes.TlsRefused) details.Add(("host", at.Host));
        if (isKeyless) details.AddRange([("setting", e.Number == 3750 ? KeylessSettings[0] : KeylessSettings[1]), ("value", "ON")]);
        if (code == Codes.TargetDependent && e.Message.Split('\'') is [_, _, _, var key, _, var other, ..])
        {
            details.AddRange([("what", "foreign key"), ("name", key), ("other", other)]);
        }
        if (IsFileName(e) && table is not null)
        {
            var bytes = table.Name.Sum(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? 1 : 5);
            details.AddRange([("name", table), ("bytes", bytes), ("limit", 251)]);
        }
        if (code == Codes.GrantMissing) details.Add(("grant", grant ?? $"-- {e.Message}"));
        if (code == Codes.OptionInvalid) details.AddRange(Setting(e));
        // A word for what was done is no statement.
        if (doing.Contains(' ')) details.Add(("sql", doing.Length <= MostSql ? doing : doing[..MostSql] + " …"));
        return new PawlException(fault, code, e, [.. details]);
    }

    /// <summary>What an administrator has switched off, and what it is elsewhere.</summary>
    private static (string, object?)[] Setting(MyServerException e)
    {
        var (name, value, expected) = e.Number == 1461 ? ("max_prepared_stmt_count", "0", "16382") : ("local_infile", "off", "on");
        return [("option", name), ("setting", name), ("value", value), ("expected", expected)];
    }

    private static (Fault Fault, string Code) Meaning(MyServerException e) => e.Number switch
    {
        // 1135: the machine makes no more threads for it.
        1040 or 1135 or 1203 or 1226 => (Fault.Throttled, Codes.TooManyConnections),
        1045 or 1698 or 1251 or 1275 or 1524 or 1820 or 1862 or 1129 or 1130 or 3118 or 4151 => (Fault.Permission, Codes.LoginRefused),
        1044 or 1141 or 1142 or 1143 or 1227 or 1370 or 1410 or 1419 => (Fault.Permission, Codes.GrantMissing),
        3159 => (Fault.Configuration, Codes.TlsRefused),
        1049 => (Fault.Configuration, Codes.DatabaseMissing),
        1059 => (Fault.Configuration, Codes.NameTooLong),
        1005 when IsFileName(e) => (Fault.Configuration, Codes.NameTooLong),
        1792 or 1836 or 1874 => (Fault.Configuration, Codes.ServerReadOnly),
        1173 or 3750 => (Fault.Configuration, Codes.ServerUnfit),
        3730 => (Fault.Configuration, Codes.TargetDependent),
        // The same number stands for other options of the server as well.
        1290 when IsReadOnly(e) => (Fault.Configuration, Codes.ServerReadOnly),
        // None at all: nobody will give one back.
        1461 when e.Message.Contains("(current value: 0)", StringComparison.Ordinal) => (Fault.Configuration, Codes.OptionInvalid),
        1148 or 3948 or 4166 => (Fault.Configuration, Codes.OptionInvalid),
        1146 or 1051 => (Fault.Schema, Codes.TableMissing),
        1054 => (Fault.Schema, Codes.ColumnMissing),
        1050 or 1060 or 1091 or 1136 or 1412 => (Fault.Schema, Codes.SchemaChanged),
        // 1461: others keep as many prepared statements as the server allows.
        1205 or MyNumbers.Deadlock or 1461 or 1020 or 1206 or 1614 or 1637 or 3058 or 3572 => (Fault.Transient, Codes.Busy),
        1180 or 3100 or 3101 => (Fault.Transient, Codes.CommitRefused),
        // 1615: the table was altered, or fell out of the server's cache; 1243: behind a proxy another session answers.
        MyNumbers.Interrupted or 1028 or 1243 or 1615 or 1969 or 3024 => (Fault.Transient, Codes.StatementCancelled),
        1153 or 1301 or 1118 => (Fault.Data, Codes.ValueTooLarge),
        _ when MyNumbers.EndsSession(e.Number) => (Fault.Transient, Codes.Unreachable),
        // 3032: offline_mode, 3168: it is just starting.
        1042 or 1154 or 3032 or 3168 => (Fault.Transient, Codes.Unreachable),
        // A node of a Galera cluster that has lost the others; for anybody else an unknown command.
        1047 when e.Message.Contains("WSREP", StringComparison.Ordinal) => (Fault.Transient, Codes.Unreachable),
        1021 or 1114 or 3675 => (Fault.Transient, Codes.DiskFull),
        3 or 1002 or 1004 or 1023 or 1026 or 1030 or 1296 when IsFull(e) => (Fault.Transient, Codes.DiskFull),
        3 or 1002 or 1004 or 1016 or 1023 or 1024 or 1026 or 1030 or 1037 or 1038 or 1041 or 1296 => (Fault.Transient, Codes.InputOutput),
        126 or 127 or 144 or 145 or 1033 or 1034 or 1035 or 1194 or 1195 or 1712 => (Fault.Configuration, Codes.DatabaseCorrupt),
        1264 or 1406 or 1467 or 1690 => (Fault.Data, Codes.ValueBeyond),
        1366 when e.Message.StartsWith("Incorrect string", StringComparison.Ordinal) => (Fault.Data, Codes.TextUnfit),
        1300 or 1977 or 3854 or 3988 => (Fault.Data, Codes.TextUnfit),
        1261 or 1262 or 1265 or 1292 or 1365 or 1366 or 1367 or 1411 or 1416 or 1525 or 3037 or 3140 => (Fault.Data, Codes.TypeMismatch),
        1022 or 1048 or 1062 or 1169 or 1216 or 1217 or 1263 or 1364 or 1451 or 1452 or 1526 or 1586 or 1644 or 1748 or 3819 or 4025 =>
            (Fault.Data, Codes.RowRefused),
        _ => OfState(e.SqlState),
    };

    private static (Fault Fault, string Code) OfState(string state) => state.AsSpan(0, Math.Min(2, state.Length)) switch
    {
        "08" => (Fault.Transient, Codes.Unreachable),
        "40" => (Fault.Transient, Codes.Busy),
        "28" => (Fault.Permission, Codes.LoginRefused),
        "22" => (Fault.Data, Codes.TypeMismatch),
        "23" => (Fault.Data, Codes.RowRefused),
        _ => (Fault.Bug, Codes.Unexpected),
    };

    /// <summary>The login as somebody types it.</summary>
    private static string ByHand(MyOptions at) => at.Socket is { } socket ? $"mariadb -S {socket} -u {at.User} -p"
        : string.Create(CultureInfo.InvariantCulture, $"mariadb -h {at.Host} -P {at.Port} -u {at.User} -p");

    private static bool IsReadOnly(MyServerException e) =>
        e.Message.Contains("read-only", StringComparison.OrdinalIgnoreCase)
        || e.Message.Contains("read_only", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A table is a file, in whose name every character that is no letter or digit of ASCII takes five bytes.
    /// https://mariadb.com/kb/en/identifier-to-file-name-mapping/
    /// </summary>
    private static bool IsFileName(MyServerException e) => e.Number == 1005 && e.Message.Contains("errno: 36 ", StringComparison.Ordinal);

    private static bool IsFull(MyServerException e) =>
        e.Message.Contains("No space left", StringComparison.Ordinal) || e.Message.Contains("error 28 ", StringComparison.Ordinal);

    /// <summary>The server's words. Of a refused row without its values, which may not be anybody's to read.</summary>
    private static string Words(MyServerException e, Fault fault)
    {
        if (fault != Fault.Data) return e.Message;
        var start = e.Number is 1526 ? e.Message.IndexOf(" value ", StringComparison.Ordinal) + " value ".Length : e.Message.IndexOf('\'');
        var end = e.Message.LastIndexOf("' for ", StringComparison.Ordinal);
        if (start >= 0 && end > start) return $"{e.Message[..start]}…{e.Message[(end + 1)..]}";
        // Here a value is all there is between quotes; elsewhere it is a name.
        var isValue = e.Number is 1292 or 1300 or 1366 or 1367 or 1411 or 1525 or 1526 or 1977;
        return isValue && start >= 0 ? e.Message[..start] + "…" : e.Message;
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner) e = inner;
        return e;
    }
}
