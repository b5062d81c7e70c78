using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>What becomes of dates that no calendar has: 0000-00-00, 2024-00-15, 2024-02-31.</summary>
internal enum MyZeroDates
{
    /// <summary>The cell is handed on as mistyped: the job's rule for such cells decides.</summary>
    Reject,
    /// <summary>The cell becomes NULL.</summary>
    Null,
    /// <summary>All cells of date, datetime and timestamp columns are handed on as text.</summary>
    Text,
}

/// <summary>
/// What a URL says: <c>mysql://user:password@host:3306/database?option=value</c>. Immutable; holds a secret, so it is never printed:
/// <see cref="Display"/> is what may be shown.
/// </summary>
internal sealed partial record MyAddress
{
    public required MyOptions Server { get; init; }
    /// <summary>tinyint(1) is read as a boolean. Default false: as a number.</summary>
    public bool TinyIsBool { get; init; }
    /// <summary>Default <see cref="MyZeroDates.Reject"/>.</summary>
    public MyZeroDates ZeroDates { get; init; }
    /// <summary>View (<c>database.view</c>) → its stated key columns.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ViewKeys { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
    /// <summary>What the server says this login is, <c>name@host</c>; null = not asked yet.</summary>
    public string? Account { get; init; }
    /// <summary>The only database whose tables are seen; null = all that the account may see.</summary>
    public string? Database => Server.Database;
    /// <summary>The URL without secrets.</summary>
    public string Display => Server.Display;

    /// <summary>
    /// The same as the server that was reached has it: whose login it was, and names in the lower case that it keeps them in.
    /// </summary>
    public MyAddress At(MyServerFacts server)
    {
        var known = this with { Account = server.Account };
        return server.LowerCaseTableNames != 1 ? known : known with
        {
            Server = Server with { Database = Database?.ToLowerInvariant() },
            ViewKeys = ViewKeys.GroupBy(v => v.Key.ToLowerInvariant()).ToDictionary(g => g.Key, g => g.First().Value),
        };
    }

    public override string ToString() => Display;
}
