using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>A database as a source: may its tables be read, which have no key, how large are they.</summary>
internal static class MyProbeSource
{
    private const int MostNames = 5;

    /// <returns>The findings, and the size of the tables in bytes.</returns>
    public static async ValueTask<(IReadOnlyList<ProbeFinding>, long Bytes)> LookAsync(MyConnection connection, MyAddress at,
        ProbeRequest request, CancellationToken ct)
    {
        var wanted = request.Tables.Select(t => t.Name.ToString()).ToHashSet(
            connection.Server.LowerCaseTableNames == 0 ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        var all = await MyCatalog.FoundAsync(connection, at, new TablePattern("*"), ct).ConfigureAwait(false);
        var tables = all.Where(t => wanted.Count == 0 ? request.Role != ProbeRole.Source
            : wanted.Contains(t.Schema.Name.ToString()) || (t.Schema.Name.Schema == at.Database && wanted.Contains(t.Schema.Name.Name)))
            .ToArray();
        var bytes = tables.Sum(t => Math.Max(0, t.Bytes));
        List<ProbeFinding> findings = [ProbeFinding.Note(FindingCodes.Tables, ("tables", tables.Length), ("bytes", bytes))];
        var refused = new List<TableName>();
        foreach (var (schema, _) in tables)
        {
            var columns = request.Tables.FirstOrDefault(t => t.Name == schema.Name)?.Columns;
            if (await RefusalAsync(connection, schema.Name, columns, ct).ConfigureAwait(false) is not null) refused.Add(schema.Name);
        }
        if (refused.Count == 0) findings.Add(ProbeFinding.Good(FindingCodes.RightsRead, ("tables", tables.Length)));
        else
        {
            (string, object?)[] details = [("right", "SELECT"), ("kind", "table"), ("on", Names([.. refused.Select(r => r.ToString())]))];
            findings.Add((request.Role == ProbeRole.Source ? ProbeFinding.Broken(Fault.Permission, FindingCodes.RightMissing, details)
                : ProbeFinding.Warning(FindingCodes.RightMissing, details)) with
            {
                Mend = [.. refused.Select(r => MyTableCheck.Grant(at with { Account = connection.Server.Account }, r) + ";")],
            });
        }
        var keyless = tables.Where(t => t.Schema.Key.Kind == KeyKind.None).Select(t => t.Schema.Name.ToString()).ToArray();
        if (keyless.Length > 0) findings.Add(ProbeFinding.Warning(FindingCodes.Keyless, ("tables", Names(keyless))));
        return (findings, bytes);
    }

    /// <summary>
    /// Why this account may not read the table; null = it may. Asked of the server, which alone knows of roles and wildcards.
    /// </summary>
    /// <param name="columns">Null = all.</param>
    public static async ValueTask<string?> RefusalAsync(MyConnection connection, TableName table, IReadOnlyList<string>? columns,
        CancellationToken ct)
    {
        try
        {
            var what = columns is null or [] ? "*" : string.Join(", ", columns.Select(MyNames.Quote));
            await connection.ExecuteAsync($"select {what} from {MyNames.Quote(table)} limit 0", ct).ConfigureAwait(false);
            return null;
        }
        catch (MyServerException e) when (e.Number is 1142 or 1143 or 1044 or 1356)
        {
            return e.Message;
        }
        catch (MyServerException e) when (e.Number is 1146 or 1054)
        {
            // Dropped or altered between two questions: not a matter of rights.
            return null;
        }
    }

    public static string Names(IReadOnlyCollection<string> names) => names.Count <= MostNames ? string.Join(", ", names)
        : FormattableString.Invariant($"{string.Join(", ", names.Take(MostNames))} … (+{names.Count - MostNames})");
}
