using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>What is done about triggers of a target table.</summary>
internal enum MyTriggers
{
    /// <summary>A table with triggers that would fire is refused.</summary>
    Refuse,
    /// <summary>They fire, as for anybody who writes.</summary>
    Fire,
}

/// <summary>What a target needs to know beyond how its server is spoken to. Immutable.</summary>
internal sealed record MyTargetOptions
{
    public required MyOptions Server { get; init; }
    /// <summary>Where a table lies whose name says no database, and Pawl's own tables if nothing else is said.</summary>
    public required string Database { get; init; }
    /// <summary>What the server says this login is, <c>name@host</c>; null = not asked yet.</summary>
    public string? Account { get; init; }
    /// <summary>Where Pawl's own tables lie; null = in <see cref="Database"/>.</summary>
    public string? ControlDatabase { get; init; }
    /// <summary>Default: refuse.</summary>
    public MyTriggers Triggers { get; init; }
    /// <summary>Foreign keys are looked at while rows are written. Default true.</summary>
    public bool ForeignKeys { get; init; } = true;
    /// <summary>Rows go by prepared statements of many where the server takes them. Default true.</summary>
    public bool Bulk { get; init; } = true;
    /// <summary>LOAD DATA LOCAL is used where the server takes it. Default true.</summary>
    public bool Loads { get; init; } = true;

    public string Control => ControlDatabase ?? Database;

    /// <exception cref="PawlException">The URL names no database.</exception>
    public static MyTargetOptions Of(MyAddress at) => new()
    {
        Server = at.Server,
        Database = at.Database ?? throw new PawlException(Fault.Configuration, Codes.OptionInvalid, ("option", "target"),
            ("value", at.Display), ("expected", "mysql://user@host/database")),
        ControlDatabase = at.ControlDatabase, Triggers = at.Triggers, ForeignKeys = at.ForeignKeys, Bulk = at.Bulk,
        Loads = at.Loads,
    };
}
