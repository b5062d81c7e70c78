using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A database as a source: may its tables be read, can it be told how far they are complete, which have no key, how large are they.
/// </summary>
internal static class MyProbeSource
{
    private const int MostNames = 5;

    /// <returns>The findings, and the size of the tables in bytes.</returns>
    public static async ValueTask<(IReadOnlyList<ProbeFinding>, long Bytes)> LookAsync(MyConnection connection, MyAddress at,
        ProbeRequest request, CancellationToken ct)
    {
        var known = at with { Account = connection.Server.Account };
        var isCased = connection.Server.LowerCaseTableNames == 0;
        var wanted = request.Tables.Select(t => t.Name.ToString())
            .ToHashSet(isCased ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        var compare = isCased ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        List<(TableSchema Schema, long Bytes)> all = [.. await MyCatalog.FoundAsync(connection, at, new TablePattern("*"), ct)
            .ConfigureAwait(false)];
        foreach (var table in request.Tables.Where(t => t.Name.Schema is { } other && at.Database is { } own
            && !other.Equals(own, compare)))
        {
            all.AddRange(await MyCatalog.FoundAsync(connection, at, TablePattern.Literal(table.Name.ToString()), ct).ConfigureAwait(false));
        }
        var tables = all.Where(t => wanted.Count == 0 ? request.Role != ProbeRole.Source
            : wanted.Contains(t.Schema.Name.ToString()) || (t.Schema.Name.Schema == at.Database && wanted.Contains(t.Schema.Name.Name)))
            .ToArray();
        var bytes = tables.Sum(t => Math.Max(0, t.Bytes));
        List<ProbeFinding> findings = [ProbeFinding.Note(FindingCodes.Tables, ("tables", tables.Length), ("bytes", bytes))];
        var refused = new MyMissing(connection.Server.Account, isLiteral: false);
        foreach (var (schema, _) in tables)
        {
            var columns = request.Tables.FirstOrDefault(t => t.Name == schema.Name)?.Columns;
            if (await RefusalAsync(connection, schema.Name, columns, ct).ConfigureAwait(false) is not null)
            {
                refused.Table(schema.Name, "SELECT");
            }
        }
        if (refused.IsEmpty) findings.Add(ProbeFinding.Good(FindingCodes.RightsRead, ("tables", tables.Length)));
        else findings.AddRange(refused.Findings(request.Role == ProbeRole.Source ? FindingLevel.Broken : FindingLevel.Warning));
        if (request.OneSnapshot) findings.AddRange(await SnapshotAsync(connection, tables, ct).ConfigureAwait(false));
        findings.AddRange(await CursorsAsync(connection, known, request, [.. tables.Select(t => t.Schema)], ct).ConfigureAwait(false));
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

    /// <summary>One moment on several sessions needs a lock on all tables; with one session it is read in turns.</summary>
    private static async ValueTask<IEnumerable<ProbeFinding>> SnapshotAsync(MyConnection connection,
        IReadOnlyList<(TableSchema Schema, long Bytes)> tables, CancellationToken ct)
    {
        if (tables.Count == 0) return [];
        var missing = new MyMissing(connection.Server.Account, isLiteral: false);
        var database = tables[0].Schema.Name.Schema!;
        if (!await new MyRights(connection).ReloadAsync(database, ct).ConfigureAwait(false)) missing.Server("RELOAD");
        return missing.Findings(FindingLevel.Warning, FindingCodes.RightSnapshot);
    }

    /// <summary>What would stop an incremental table, as a run would be told it.</summary>
    private static async ValueTask<IReadOnlyList<ProbeFinding>> CursorsAsync(MyConnection connection, MyAddress at, ProbeRequest request,
        IReadOnlyList<TableSchema> tables, CancellationToken ct)
    {
        var findings = new List<ProbeFinding>();
        foreach (var table in tables)
        {
            if (request.Tables.FirstOrDefault(t => t.Name == table.Name)?.Cursor is not { } cursor
                || table.IndexOf(cursor.Column) < 0) continue;
            try
            {
                await new MyWindows(at, table, cursor, new MyNow()).BoundAsync(connection, wait: false, ct).ConfigureAwait(false);
            }
            catch (PawlException e) when (e.Fault is Fault.Configuration or Fault.Permission)
            {
                findings.Add(ProbeFinding.Of(e));
            }
            catch (MyServerException e) when (e.Number is 1142 or 1143)
            {
                // Said already: the table may not be read.
            }
        }
        return findings;
    }
}
