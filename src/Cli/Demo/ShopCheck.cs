using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pawl.Cli.Demo;

/// <summary>Looks at both files with plain SQL, with nothing of the engine in between.</summary>
internal sealed class ShopCheck : IDisposable
{
    private readonly SqliteConnection connection;

    public ShopCheck(string source, string target)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = target, Mode = SqliteOpenMode.ReadWrite, Pooling = false,
        }.ToString());
        connection.Open();
        using var attach = connection.CreateCommand();
        attach.CommandText = "attach database $source as shop";
        attach.Parameters.AddWithValue("$source", source);
        attach.ExecuteNonQuery();
    }

    /// <summary>Rows in the target; 0 when the table is not there yet.</summary>
    public long TargetRows(string table) =>
        Number($"select count(*) from main.sqlite_master where type = 'table' and name = '{table}'") == 0 ? 0
        : Number($"select count(*) from main.{table}");

    /// <summary>Rows of the source that the target lacks or holds with another value.</summary>
    public long Missing() => Difference("shop", "main");

    /// <summary>Rows of the target that the source does not have like that.</summary>
    public long Foreign() => Difference("main", "shop");

    /// <summary>Rows that are in the target more than once.</summary>
    public long Duplicates() =>
        Number("select coalesce(sum(n - 1), 0) from (select count(*) as n from main.items group by order_id, line)")
        + Number("select count(*) - count(distinct id) from main.orders")
            + Number("select count(*) - count(distinct id) from main.customers");

    public void Dispose() => connection.Dispose();

    private long Difference(string of, string from) =>
        ShopSource.Tables.Sum(t => Number($"select count(*) from (select * from {of}.{t} except select * from {from}.{t})"));

    private long Number(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
