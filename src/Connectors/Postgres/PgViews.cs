using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Whether the key that is stated of a view is one. Nothing keeps it so: it is looked at when a read is planned, and by a read that goes on
/// from a position, in the moment that it sees.
/// </summary>
internal static class PgViews
{
    /// <param name="holds">Asks a question that is answered by yes or no.</param>
    /// <param name="from">A position that the read goes on from: other rows with its key would not come. Null = all rows.</param>
    /// <exception cref="PawlException"><see cref="Codes.KeyNull"/>, <see cref="Codes.KeyUnfit"/>.</exception>
    public static async ValueTask CheckAsync(Func<string, ValueTask<bool>> holds, PgOptions at, TableSchema table, PgShape shape,
        ReadOptions read, string[]? from, string[]? through)
    {
        var columns = string.Join(", ", shape.Key.Select(k => k.Column));
        if (from is null && await holds(new PgQuery(table.Name, shape, null).NullKeys()).ConfigureAwait(false))
        {
            throw new PawlException(Fault.Schema, Codes.KeyNull, ("column", columns), ("table", table.Name), ("endpoint", at.Display));
        }
        var query = new PgQuery(table.Name, shape, read.Where, read.Window);
        if (!await holds(query.DoubleKeys(from, through)).ConfigureAwait(false)) return;
        throw new PawlException(Fault.Schema, Codes.KeyUnfit, ("table", table.Name), ("column", columns),
            ("cause", "several rows of the view have the same key"), ("endpoint", at.Display));
    }
}
