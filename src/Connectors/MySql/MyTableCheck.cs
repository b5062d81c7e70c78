using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Whether a session sees the table that a plan was made for, and may read it.</summary>
internal static class MyTableCheck
{
    /// <summary>
    /// The table is opened first: from then on, until the transaction ends, nobody drops or alters it, and what is asked of it holds.
    /// </summary>
    /// <param name="columns">Columns that will be read.</param>
    /// <exception cref="PawlException"><see cref="Codes.TableMissing"/>, <see cref="Codes.TableRecreated"/>,
    /// <see cref="Codes.SchemaChanged"/>, <see cref="Codes.GrantMissing"/>.</exception>
    /// <exception cref="MyServerException">Anything else.</exception>
    public static async ValueTask RunAsync(MyConnection connection, MyAddress at, TableSchema table, MyShape shape,
        IReadOnlyList<string> columns, CancellationToken ct)
    {
        try
        {
            var named = columns.Select(c => MyNames.Quote(c));
            await connection.ExecuteAsync($"select {string.Join(", ", named)} from {MyNames.Quote(table.Name)} limit 0", ct)
                .ConfigureAwait(false);
        }
        catch (MyServerException e) when (e.Number is 1146 or 1049)
        {
            throw new PawlException(Fault.Schema, Codes.TableMissing, e, ("table", table.Name), ("endpoint", at.Display));
        }
        catch (MyServerException e) when (e.Number == 1054)
        {
            throw new PawlException(Fault.Schema, Codes.SchemaChanged, e, ("table", table.Name), ("changed", e.Message),
                ("endpoint", at.Display));
        }
        catch (MyServerException e) when (e.Number is 1142 or 1143 or 1044)
        {
            throw MyFaults.Classify(e, at.Server, "select", table.Name, Grant(at, table.Name));
        }
        var now = await MyCatalog.FindAsync(connection, at, table.Name, ct).ConfigureAwait(false)
            ?? throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", table.Name), ("endpoint", at.Display));
        var found = MyShape.Required(now);
        var there = found.Columns.ToDictionary(c => c.Name);
        foreach (var column in shape.Columns.Where(c => columns.Contains(c.Name)))
        {
            var other = there.GetValueOrDefault(column.Name);
            if (other is not null && (other.Type, other.Charset, other.Collation) == (column.Type, column.Charset,
                column.Collation)) continue;
            throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", table.Name), ("column", column.Name),
                ("was", Described(column)), ("now", other is null ? "dropped" : Described(other)));
        }
        if (!MyCatalog.IsOrderedAs(found, shape))
        {
            throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", table.Name), ("changed", "the key it is read by"),
                ("was", Described(shape.Key)), ("now", Described(found.Key)), ("endpoint", at.Display));
        }
        if (now.Identity == table.Identity) return;
        throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", table.Name), ("was", table.Identity),
            ("now", now.Identity), ("endpoint", at.Display));
    }

    /// <summary>What lets an account read a table.</summary>
    public static string Grant(MyAddress at, TableName table) => $"GRANT SELECT ON {MyNames.Quote(table)} TO {Account(at)}";

    /// <summary>The account's name; from where it comes is the server's to say.</summary>
    public static string Account(MyAddress at) => MyGrants.Account(at.Account ?? $"{at.Server.User}@%");

    private static string Described(IReadOnlyList<MyKeyPart> key) =>
        string.Join(", ", key.Select(p => p.Column + (p.Descending ? " desc" : "")));

    private static string Described(MyTableColumn column) =>
        column.Collation is null ? column.Type : $"{column.Type} collate {column.Collation}";
}
