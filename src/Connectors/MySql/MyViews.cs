using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Whether the key that is stated of a view is one. Nothing keeps it so: it is looked at when a read is planned, and by a read that goes on
/// from a position, in the moment that it sees.
/// </summary>
internal static class MyViews
{
    /// <param name="from">A position that the read goes on from: other rows with its key would not come. Null = all rows.</param>
    /// <exception cref="PawlException"><see cref="Codes.KeyNull"/>, <see cref="Codes.KeyUnfit"/>.</exception>
    /// <exception cref="MyServerException">Anything else.</exception>
    public static async ValueTask CheckAsync(MyConnection connection, MyAddress at, TableSchema table, MyShape shape, ReadOptions read,
        string[]? from, string[]? through, CancellationToken ct)
    {
        var columns = string.Join(", ", shape.Key.Select(k => k.Column));
        if (from is null)
        {
            var nulls = await connection.RowsAsync(new MyQuery(table.Name, shape, null).NullKeys(), ct).ConfigureAwait(false);
            if (MySessions.Number(nulls) != 0)
            {
                throw new PawlException(Fault.Schema, Codes.KeyNull, ("column", columns), ("table", table.Name),
                    ("endpoint", at.Display));
            }
        }
        await MySorting.PrepareAsync(connection, shape, ct).ConfigureAwait(false);
        var query = new MyQuery(table.Name, shape, read.Where, read.Window);
        if ((await connection.RowsAsync(query.DoubleKeys(from, through), ct).ConfigureAwait(false)).Count == 0) return;
        throw new PawlException(Fault.Schema, Codes.KeyUnfit, ("table", table.Name), ("column", columns),
            ("cause", "several rows of the view have the same key"), ("endpoint", at.Display));
    }
}
