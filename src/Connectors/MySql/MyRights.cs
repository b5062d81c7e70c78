using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// May this account do that? Asked of the server, which alone knows of roles, wildcards, partial revokes, and grants to the same name from
/// elsewhere: with EXPLAIN, which runs nothing, and else with a statement that cannot succeed for anybody. The server looks at rights
/// before it looks at anything else. Changes nothing; one caller at a time.
/// </summary>
internal sealed class MyRights(MyConnection connection)
{
    /// <summary>The name of no table and no column.</summary>
    private readonly string nothing = $"pawl_probe_{Guid.NewGuid():N}";

    /// <param name="right">SELECT, INSERT, UPDATE, DELETE, CREATE or ALTER.</param>
    /// <param name="table">Need not be there.</param>
    /// <param name="column">One of its columns that can be written; null = it has none, or is not there.</param>
    public ValueTask<bool> OnTableAsync(string right, TableName table, string? column, CancellationToken ct)
    {
        var (name, one) = (MyNames.Quote(table), MyNames.Quote(column ?? nothing));
        return AskAsync(right switch
        {
            "SELECT" => $"explain select 1 from {name}",
            "INSERT" => $"explain insert into {name} () values ()",
            "UPDATE" => $"explain update {name} set {one} = default",
            "DELETE" => $"explain delete from {name}",
            // No table has two columns of one name, and none this one, wherever it may be by then.
            "CREATE" => $"create table {name} (a int, a int)",
            _ => $"alter table {name} drop column {MyNames.Quote(nothing)}",
        }, ct);
    }

    /// <param name="right">A right on tables that are not there yet, DROP or CREATE TEMPORARY TABLES.</param>
    public ValueTask<bool> OnDatabaseAsync(string right, string database, CancellationToken ct)
    {
        var table = new TableName(database, nothing);
        return right switch
        {
            "DROP" => AskAsync($"drop table {MyNames.Quote(table)}", ct),
            "CREATE TEMPORARY TABLES" => AskAsync($"create temporary table {MyNames.Quote(table)} (a int, a int)", ct),
            _ => OnTableAsync(right, table, null, ct),
        };
    }

    /// <summary>May lock all tables for a moment: asked with one that is not there.</summary>
    public async ValueTask<bool> ReloadAsync(string database, CancellationToken ct) =>
        await RefusalAsync($"flush tables {MyNames.Quote(new TableName(database, nothing))} with read lock", ct).ConfigureAwait(false)
            is not { Number: 1227 };

    private async ValueTask<bool> AskAsync(string sql, CancellationToken ct) =>
        await RefusalAsync(sql, ct).ConfigureAwait(false) is not { Number: 1044 or 1142 or 1143 or 1227 or 1370 };

    /// <summary>Null: it was done. Another error than that of a right means that the right is there.</summary>
    private async ValueTask<MyServerException?> RefusalAsync(string sql, CancellationToken ct)
    {
        try
        {
            await connection.RowsAsync(sql, ct).ConfigureAwait(false);
            return null;
        }
        catch (MyServerException e) when (!MyNumbers.EndsSession(e.Number))
        {
            return e;
        }
    }
}
