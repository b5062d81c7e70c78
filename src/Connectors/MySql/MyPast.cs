using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;

namespace Pawl.Connectors.MySql;

/// <summary>
/// How far a server has come, by the transactions in its binary log: <c>mariadb 0-1-42</c>, <c>mysql uuid:1-42</c>. A server that was put
/// back
/// to a backup lacks some of them. One that writes no such log cannot tell. Pure but for the questions.
/// </summary>
internal static class MyPast
{
    private const string Maria = "mariadb ", Oracle = "mysql ";

    /// <summary>Without anything behind the first word where there is no log.</summary>
    public static async ValueTask<string> MarkAsync(MyConnection connection, CancellationToken ct)
    {
        var (kind, variable) = connection.Server.IsMariaDb ? (Maria, "gtid_binlog_pos") : (Oracle, "gtid_executed");
        var now = (await connection.RowsAsync($"select @@global.{variable}", ct).ConfigureAwait(false))[0][0] ?? "";
        return kind + now.Replace("\n", "", StringComparison.Ordinal);
    }

    /// <remarks>A mark of another system, or from a time without a log, says nothing.</remarks>
    public static async ValueTask<PastState> CompareAsync(MyConnection connection, string mark, CancellationToken ct)
    {
        var now = await MarkAsync(connection, ct).ConfigureAwait(false);
        if (now is Maria or Oracle || mark is Maria or Oracle) return PastState.Kept;
        if (mark.StartsWith(Oracle, StringComparison.Ordinal) && now.StartsWith(Oracle, StringComparison.Ordinal))
        {
            var isThere = await connection.RowsAsync($"select gtid_subset({MyNames.Literal(mark[Oracle.Length..])}, "
                + "@@global.gtid_executed)", ct).ConfigureAwait(false);
            return isThere[0][0] == "0" ? PastState.Lost : PastState.Kept;
        }
        if (!mark.StartsWith(Maria, StringComparison.Ordinal) || !now.StartsWith(Maria, StringComparison.Ordinal)) return PastState.Kept;
        var (then, today) = (Domains(mark[Maria.Length..]), Domains(now[Maria.Length..]));
        return then.All(d => today.GetValueOrDefault(d.Key) >= d.Value) ? PastState.Kept : PastState.Lost;
    }

    /// <summary>domain-server-number, joined by commas: each domain counts by itself.</summary>
    private static Dictionary<string, ulong> Domains(string position) => position.Split(',').Select(p => p.Split('-'))
        .Where(p => p.Length == 3 && ulong.TryParse(p[2], NumberStyles.None, CultureInfo.InvariantCulture, out _)).GroupBy(p => p[0])
        .ToDictionary(g => g.Key, g => g.Max(p => ulong.Parse(p[2], CultureInfo.InvariantCulture)));
}
