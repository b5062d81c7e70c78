using Pawl.Contracts;

namespace Pawl.Connectors.MySql;

internal sealed partial record MyAddress
{
    /// <summary>Where Pawl's own tables lie; null = in <see cref="Database"/>.</summary>
    public string? ControlDatabase { get; init; }
    /// <summary>Default <see cref="MyTriggers.Refuse"/>.</summary>
    public MyTriggers Triggers { get; init; }
    /// <summary>Foreign keys are looked at while rows are written. Default true.</summary>
    public bool ForeignKeys { get; init; } = true;
    /// <summary>Rows go by prepared statements of many where the server takes them. Default true.</summary>
    public bool Bulk { get; init; } = true;
    /// <summary>LOAD DATA LOCAL is used where the server takes it. Default true.</summary>
    public bool Loads { get; init; } = true;
}

internal static partial class MyAddresses
{
    private static readonly string[] TriggerRules = ["refuse", "fire"], KeyRules = ["check", "skip"];

    static partial void AddTargetSpecs(List<OptionSpec> specs) => specs.AddRange(
    [
        new("control_database", "Of a target: the database that Pawl keeps its own tables in; without it the one of the URL.")
        {
            Chinese = "用于目标端：存放 Pawl 自身表的数据库；不写则为 URL 中的数据库。",
        },
        new("triggers", "Of a target: whether tables with triggers are refused, which takes the right TRIGGER to see them, or their "
            + "triggers fire for every row.", "refuse", TriggerRules)
        {
            Chinese = "用于目标端：拒绝带触发器的表（refuse，需要 TRIGGER 权限才看得见），或让触发器对每一行照常触发（fire）。",
        },
        new("foreign_keys", "Of a target: whether foreign keys are checked while rows are written; skip leaves rows that refer to none.",
            "check", KeyRules)
        {
            Chinese = "用于目标端：写入时是否检查外键；skip 可能留下没有所引用行的数据。",
        },
        new("bulk", "Of a target: whether rows go by a prepared INSERT of many rows where the server takes it, as MariaDB does.", "on",
            Switch)
        {
            Chinese = "用于目标端：服务器支持时（如 MariaDB）用一次多行的预编译 INSERT 写入（on），或不用（off）。",
        },
        new("load_data", "Of a target: whether rows that do not go so go by LOAD DATA LOCAL where the server takes it, or by plain INSERT.",
            "on", Switch)
        {
            Chinese = "用于目标端：不用上述方式时，服务器允许则用 LOAD DATA LOCAL 写入（on），或用普通 INSERT（off）。",
        },
    ]);

    static partial void Target(string name, string value, MyAddress at, ref MyAddress? found) => found = name switch
    {
        "control_database" => at with { ControlDatabase = value.Length > 0 ? value : throw Invalid(name, value, "a name") },
        "triggers" => at with { Triggers = OneOf(name, value, TriggerRules) == "fire" ? MyTriggers.Fire : MyTriggers.Refuse },
        "foreign_keys" => at with { ForeignKeys = OneOf(name, value, KeyRules) == "check" },
        "bulk" => at with { Bulk = OneOf(name, value, Switch) == "on" },
        "load_data" => at with { Loads = OneOf(name, value, Switch) == "on" },
        _ => null,
    };
}
