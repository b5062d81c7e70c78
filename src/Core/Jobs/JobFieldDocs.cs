namespace Pawl.Jobs;

/// <summary>Every field of the job file. Immutable, safe to share. What is not here is not a field.</summary>
public static partial class JobFieldDocs
{
    /// <summary>In reading order; a map comes before its fields.</summary>
    public static IReadOnlyList<JobField> All { get; } =
    [
        .. Top(), .. Defaults(), .. Tables(), .. Transform("transform", true), .. Schema(), .. Verify(), .. Engine(), .. Later(),
    ];

    private static readonly Dictionary<string, JobField> ByPath = All.ToDictionary(f => f.Path);
    private static readonly ILookup<string, JobField> ByParent = All.ToLookup(f => f.Parent);

    /// <summary>Null when there is no such path.</summary>
    public static JobField? At(string path) => ByPath.GetValueOrDefault(path);

    /// <summary>The fields of a map; of the document for the empty path.</summary>
    public static IEnumerable<JobField> Under(string path) => ByParent[path];

    /// <summary>
    /// For <c>explain</c>: the field of that path, or else every field whose path ends with it (<c>rows</c>, <c>commit.rows</c>), or else
    /// nothing. Case and a pattern in place of <c>*</c> do not matter.
    /// </summary>
    public static IReadOnlyList<JobField> Find(string query)
    {
        var wanted = query.Trim().Trim('.');
        if (wanted.Length == 0) return [];
        var exact = All.Where(f => string.Equals(f.Path, wanted, StringComparison.OrdinalIgnoreCase)).ToList();
        return exact.Count > 0 ? exact : [.. All.Where(f => f.Path.EndsWith("." + wanted, StringComparison.OrdinalIgnoreCase))];
    }

    private static JobField[] Top() =>
    [
        new()
        {
            Path = "version", Kind = FieldKind.Choice, Required = true, Allowed = ["1"], Example = "1",
            English = "Version of the job file's format. Always 1.",
            Chinese = "作业文件的格式版本，目前固定为 1。",
        },
        new()
        {
            Path = "name", Kind = FieldKind.Text, Required = true, MaxLength = 200, Example = "orders",
            English = "Name of the job. Progress is kept in the target under this name together with the source's identity, so "
                + "keep it; to rename a job, list the old name under was.",
            Chinese = "作业名称。进度以“作业名 + 源身份”保存在目标库中，请不要随意更改；确需改名时，把旧名写进 was。",
        },
        new()
        {
            Path = "was", Kind = FieldKind.Texts, Default = "[]", MaxLength = 200, Example = "[orders-old]",
            English = "Earlier name or names of this job, so that a renamed job keeps its progress.",
            Chinese = "作业以前用过的名称（一个或多个），改名后进度得以延续。",
        },
        new()
        {
            Path = "source", Kind = FieldKind.Url, Required = true, Secret = true, MaxLength = 8192, Example = "sqlite:shop.db",
            English = "Address to read from, such as sqlite:shop.db. Options ride in the query (?busy=10s); a relative file path "
                + "starts at the job file's folder. ${NAME} and ${file:path} are filled in and never printed. Or the name of a saved "
                + "connection (pawl conn add).",
            Chinese = "读取数据的地址，例如 sqlite:shop.db。选项写在问号之后（?busy=10s）；相对路径以作业文件所在目录为起点。${环境变量} 与 ${file:路径} 会被替换，且绝不会打印出来。"
                + "也可以写已保存连接的名字（pawl conn add）。",
        },
        new()
        {
            Path = "target", Kind = FieldKind.Url, Required = true, Secret = true, MaxLength = 8192, Example = "sqlite:warehouse.db",
            English = "Address to write to, in the same form as source. Pawl keeps its progress in tables named pawl_* there.",
            Chinese = "写入数据的地址，写法与 source 相同。Pawl 的进度保存在目标库中以 pawl_ 开头的表里。",
        },
    ];

    private static IEnumerable<JobField> Defaults() =>
    [
        new()
        {
            Path = "defaults", Kind = FieldKind.Map, Default = "{}", Example = "{write: upsert}",
            English = "Settings for all tables; an entry under tables overrides them field by field.",
            Chinese = "对所有表生效的默认设置；tables 下的条目可逐项覆盖。",
        },
        .. Copying("defaults"),
        new()
        {
            Path = "defaults.commit", Kind = FieldKind.Map, Default = "{}", Example = "{rows: 10k}",
            English = "When the rows read so far are committed together with their ledger entry: as soon as any of the three "
                + "limits is reached. A crash re-reads at most one such group per lane.",
            Chinese = "何时把已读的行连同账本条目一起提交：三个上限中任意一个先到即提交。崩溃后每条通道最多重读一组。",
        },
        new()
        {
            Path = "defaults.commit.rows", Kind = FieldKind.Count, Default = "50k", Min = "1", Max = "100M", Unit = "rows", Example = "10k",
            English = "Rows in one commit.", Chinese = "每次提交的行数上限。",
        },
        new()
        {
            Path = "defaults.commit.bytes", Kind = FieldKind.Size, Default = "64MB", Min = "64KB", Max = "1TB",
            Unit = "bytes", Example = "8MB",
            English = "Bytes of row data in one commit. A target that buffers whole groups also cuts them at its share of memory.",
            Chinese = "每次提交的数据字节数上限。需要整组缓冲的目标还会按其内存份额提前切分。",
        },
        new()
        {
            Path = "defaults.commit.every", Kind = FieldKind.Duration, Default = "5s", Min = "10ms", Max = "1h",
            Unit = "milliseconds", Example = "2s",
            English = "Longest time between the first row of a group and its commit.", Chinese = "一组中从第一行到提交的最长时间。",
        },
        new()
        {
            Path = "defaults.on_error", Kind = FieldKind.Map, Default = "{}", Example = "{reject_limit: 5}",
            English = "What happens when rows cannot be stored, or a system fails for a while.",
            Chinese = "当某些行无法写入，或系统暂时出错时如何处理。",
        },
        .. Rows("defaults.on_error"),
        new()
        {
            Path = "defaults.on_error.retry", Kind = FieldKind.Map, Default = "{}", Example = "{times: 3}",
            English = "Retries after temporary failures (network, restart, lock wait). The count of a lane starts again whenever "
                + "it commits. A source or target that does not answer counts once for all lanes: they wait for it together.",
            Chinese = "遇到临时故障（网络、重启、锁等待）时的重试。每条通道一旦提交成功，计数即重新开始。源或目标没有应答时，所有通道一起等待，合计只算一次。",
        },
        new()
        {
            Path = "defaults.on_error.retry.times", Kind = FieldKind.Count, Default = "10", Min = "0", Max = "1000",
            Unit = "retries", Example = "3",
            English = "Retries of one lane or step without a commit in between. 0 = never retry.",
            Chinese = "一条通道（或一个步骤）连续重试的次数上限，期间没有成功提交。0 表示从不重试。",
        },
        new()
        {
            Path = "defaults.on_error.retry.backoff", Kind = FieldKind.DurationRange, Default = "1s..60s", Min = "1ms", Max = "1h",
            Unit = "milliseconds",
            Example = "2s..30s",
            English = "First and longest wait between retries; it doubles in between, with some chance mixed in.",
            Chinese = "重试之间的首次等待与最长等待；其间逐次翻倍，并加入随机抖动。",
        },
        new()
        {
            Path = "defaults.on_error.retry.run_budget", Kind = FieldKind.Count, Default = "200", Min = "0", Max = "100k",
            Unit = "retries", Example = "50",
            English = "Retries of the whole run, over all tables.", Chinese = "整次运行（所有表合计）的重试次数上限。",
        },
        .. Transform("defaults.transform", true),
    ];

    private static IEnumerable<JobField> Tables() =>
    [
        new()
        {
            Path = "tables", Kind = FieldKind.Tables, Required = true, Example = "{orders: {}}",
            English = "Which tables, and what happens to them: a map from name or glob (*, shop.*) to a target name or to "
                + "settings, or just a list of names and globs. The most specific entry wins and takes over what wider ones "
                + "say: maps merge, single values and lists replace.",
            Chinese = "要同步哪些表、如何处理：键是表名或通配模式（*、shop.*），值是目标表名或一组设置；也可以只写一个列表。以最具体的条目为准，并继承更宽条目的设置：映射逐项合并，单值与列表整体替换。",
        },
        new()
        {
            Path = "tables.*", Kind = FieldKind.Map, Default = "{}", Example = "dw_orders",
            English = "What happens to the tables of one pattern. Plain text is short for {target: …}.",
            Chinese = "某个模式所匹配的表如何处理。直接写文本等同于 {target: …}。",
        },
        new()
        {
            Path = "tables.*.target", Kind = FieldKind.Text, Default = "\"{table}\"", Example = "\"dw_{table}\"",
            English = "Name of the target table. {schema} and {table} stand for the source's names; {{ and }} for braces.",
            Chinese = "目标表名。{schema} 与 {table} 代表源端的模式名和表名；花括号本身写作 {{ 和 }}。",
        },
        new()
        {
            Path = "tables.*.exclude", Kind = FieldKind.Texts, Default = "[]", Example = "[tmp_*]",
            English = "Names and globs that the entry's pattern matches but should not. Not taken over where it would leave out "
                + "the whole narrower entry.",
            Chinese = "从该模式的匹配结果中排除的表名或通配模式。更具体的条目若会因此被整体排除，则不继承此项。",
        },
        new()
        {
            Path = "tables.*.source_column", Kind = FieldKind.Text, MaxLength = 256, Example = "shard",
            English = "Target column, added to the rows, that says which source table each of them comes from. With it several tables may "
                + "go into one target (shop_*.orders: dw.orders); it belongs to the key of a table that Pawl creates.",
            Chinese = "在目标表中加入的列，写明每一行来自哪张源表。有了它，多张表可以写入同一目标（shop_*.orders: dw.orders）；Pawl 建的表会把它放进主键。",
        },
        new()
        {
            Path = "tables.*.source_value", Kind = FieldKind.Text, MaxLength = 256, Default = "\"{schema}.{table}\"",
            Example = "\"{schema}\"",
            English = "What source_column holds. {schema} and {table} stand for the source's names; no two tables of one target may come "
                + "to the same.",
            Chinese = "source_column 中写入的值。{schema} 与 {table} 代表源端的模式名和表名；写入同一目标的各表，其值不得相同。",
        },
        .. Copying("tables.*"),
        new()
        {
            Path = "tables.*.on_error", Kind = FieldKind.Map, Default = "{}", Example = "{reject_limit: 5}",
            English = "What happens to rows of these tables that cannot be stored.", Chinese = "这些表中无法写入的行如何处理。",
        },
        .. Rows("tables.*.on_error"),
        new()
        {
            Path = "tables.*.splits", Kind = FieldKind.Count, Min = "1", Max = "4096", Unit = "splits", Example = "4",
            English = "How many parts a table is cut into, each read and restarted by itself. Without it the size decides.",
            Chinese = "把一张表切成多少份，每份独立读取、独立续传。不写则按表的大小决定。",
        },
        .. Transform("tables.*.transform", false),
    ];

    private static JobField[] Copying(string under) =>
    [
        new()
        {
            Path = under + ".mode", Kind = FieldKind.Choice, Default = "snapshot", Allowed = ["snapshot", "incremental"],
            Example = "incremental",
            LaterWords = ["cdc", "snapshot+cdc"],
            English = "How rows are found. snapshot copies every row once. incremental copies every row, and each later run the rows whose "
                + "cursor has grown since; it does not see rows that are deleted at the source.",
            Chinese = "如何取数。snapshot 把每一行完整复制一次。incremental 先复制全部行，之后每次运行只取 cursor 自上次以来增大的行；源端删除的行它看不到。",
        },
        new()
        {
            Path = under + ".cursor", Kind = FieldKind.Texts, MaxLength = 256, Example = "[updated_at, id]",
            English = "mode incremental: the column that grows with every row that is added or changed: an integer key, a version, or a "
                + "time. The key's columns may stand behind it; they always break ties. It must not be nullable.",
            Chinese = "incremental 模式：随每一行的新增或修改而增大的列，可以是整数主键、版本号或时间。其后可写出主键列（同值时总以主键区分先后）。该列不可为空。",
        },
        new()
        {
            Path = under + ".overlap", Kind = FieldKind.Duration, Default = "0s", Min = "0s", Max = "30d", Unit = "time",
            Example = "5m",
            English = "mode incremental, a cursor that is a time: each run also reads again what lies this far before the last bound, for "
                + "writers whose clocks are behind. Needs write upsert.",
            Chinese = "incremental 模式且 cursor 为时间：每次运行都从上次边界往前重读这么长的一段，用于容忍写入方时钟偏慢。需要 write: upsert。",
        },
        new()
        {
            Path = under + ".lag", Kind = FieldKind.Duration, Min = "0s", Max = "7d", Unit = "time", Example = "10m",
            English = "mode incremental: no transaction that writes the table stays open longer than this. Needed where the source cannot "
                + "be asked for its open transactions; else the oldest one is measured.",
            Chinese = "incremental 模式：写入该表的事务打开的时间不会超过此值。源端无法查询未结束的事务时必须写明；否则以实测的最早未结束事务为准。",
        },
        new()
        {
            Path = under + ".zone", Kind = FieldKind.Text, MaxLength = 16, Example = "\"+08:00\"",
            English = "mode incremental: zone of a cursor that is a time without one: UTC or an offset. A zone whose clocks are set back "
                + "would repeat an hour, so that names of zones are not taken.",
            Chinese = "incremental 模式：cursor 为不带时区的时间时，写明其时区：UTC 或固定偏移。会回拨的时区有一小时重复，因此不接受时区名。",
        },
        new()
        {
            Path = under + ".write", Kind = FieldKind.Choice, Default = "insert", Allowed = ["insert", "upsert", "append", "replace"],
            Example = "upsert",
            English = "insert writes every row once, and a row that is already there is an error; upsert inserts, or updates the "
                + "row of the same key; append writes every row once beside the rows that a table already holds, and never removes any; "
                + "replace copies every row into a staging table, and when all are there they take the place of the target's rows at one "
                + "moment; each run after that copies the table anew.",
            Chinese = "insert：每行只插入一次，已存在即为错误；upsert：主键不存在则插入，已存在则更新；append：在表中已有的行之外每行追加一次，从不删除任何行；"
                + "replace：先把每一行复制到暂存表，全部到齐后在同一时刻取代目标表中的行；此后每次运行都重新完整复制。",
        },
        new()
        {
            Path = under + ".allow_empty", Kind = FieldKind.Flag, Default = "false", Example = "true",
            English = "write: replace: publish an empty copy where the target holds rows. Without it a source that is suddenly empty "
                + "leaves the target as it is, and the table fails.",
            Chinese = "write: replace：源端没有行而目标表有行时也发布空的副本。不写时，若源端突然为空，则目标保持原样，该表失败。",
        },
    ];

    private static JobField[] Rows(string under) =>
    [
        new()
        {
            Path = under + ".reject_limit", Kind = FieldKind.Count, Default = "0", Min = "0", Max = "1000M",
            Unit = "rows", Example = "100",
            English = "Rows of one table that may be set aside as rejects (kept in pawl_reject) before the table fails. 0 = the "
                + "first bad row stops the table.",
            Chinese = "每张表在失败之前允许剔除的行数（剔除的行保存在 pawl_reject）。0 表示遇到第一条坏行即停止该表。",
        },
        new()
        {
            Path = under + ".mistyped", Kind = FieldKind.Choice, Default = "keep", Allowed = ["keep", "reject", "stop"], Example = "reject",
            English = "A cell of another type than its column declares (SQLite allows that): keep carries it exactly where the "
                + "target can hold it, reject sets the row aside, stop fails the table.",
            Chinese = "单元格的实际类型与列声明不符时（SQLite 允许）：keep 在目标可容纳时原样保留；reject 剔除该行；stop 让该表失败。",
        },
        .. Causes(under),
    ];

    private static JobField[] Schema() =>
    [
        new()
        {
            Path = "schema", Kind = FieldKind.Map, Default = "{}", Example = "{create: false}",
            English = "What may happen to the target's tables.", Chinese = "允许对目标库的表结构做什么。",
        },
        new()
        {
            Path = "schema.create", Kind = FieldKind.Flag, Default = "true", Example = "false",
            English = "Create target tables that do not exist.", Chinese = "目标表不存在时自动创建。",
        },
        new()
        {
            Path = "schema.changes", Kind = FieldKind.Choice, Default = "fail",
            Allowed = ["fail", "evolve", "ignore"], Example = "evolve",
            English = "When a source table's columns change after its copy began: fail stops that table. evolve adds new columns to the "
                + "target and widens types (rows that lack a value are read again). ignore goes on with the columns that were planned. "
                + "Whatever else changes stops the table.",
            Chinese = "复制开始后源表的列发生变化时：fail 停止该表；evolve 在目标端增加新列、放宽类型（缺少取值的行会重新读取）；"
                + "ignore 按原先计划的列继续。其他变化都会停止该表。",
        },
    ];

    private static JobField[] Verify() =>
    [
        new()
        {
            Path = "verify", Kind = FieldKind.Map, Default = "{}", Example = "{level: digest}",
            English = "How source and target are compared after a run.", Chinese = "运行结束后如何比对源与目标。",
        },
        new()
        {
            Path = "verify.after", Kind = FieldKind.Choice, Default = "run", Allowed = ["run", "never"], Example = "never",
            English = "run compares after every finished run; never leaves it to the verify command.",
            Chinese = "run：每次运行完成后比对；never：只在执行 verify 命令时比对。",
        },
        new()
        {
            Path = "verify.level", Kind = FieldKind.Choice, Default = "count", Allowed = ["count", "digest"],
            LaterWords = ["rows"], Example = "digest",
            English = "count compares books and row counts; digest reads both sides again and compares a hash of every value.",
            Chinese = "count：核对账目与行数；digest：重新读取两端，比对每个值的摘要。",
        },
        new()
        {
            Path = "verify.on_diff", Kind = FieldKind.Choice, Default = "report", Allowed = ["report"],
            LaterWords = ["repair"], Example = "report",
            English = "report lists differences and ends with exit code 4.", Chinese = "report：列出差异，并以退出码 4 结束。",
        },
    ];

    private static JobField[] Engine() =>
    [
        new()
        {
            Path = "consistency", Kind = FieldKind.Choice, Default = "mixed", Allowed = ["mixed", "one-snapshot"],
            Example = "one-snapshot",
            English = "mixed: a row that changes while the copy runs arrives in some version it had. one-snapshot: all tables arrive as "
                + "they were at one moment, which the source holds while the process runs; a table that is not done when the process or "
                + "that moment ends begins anew. A source that cannot do it refuses.",
            Chinese = "mixed：复制期间发生变化的行，以其某个版本到达。one-snapshot：所有表都以同一时刻的内容到达；该时刻由源在进程运行期间保持，进程或该时刻结束时尚未完成的表从头再来。"
                + "做不到的源会拒绝此项。",
        },
        new()
        {
            Path = "parallel", Kind = FieldKind.Count, Default = "2", Min = "1", Max = "64", Unit = "lanes", Example = "4",
            English = "Parts of tables copied at the same time. A target that takes one writer at a time lowers it.",
            Chinese = "同时复制的分片数。只允许单写者的目标会将其降低。",
        },
        new()
        {
            Path = "memory", Kind = FieldKind.Size, Default = "64MB", Min = "16MB", Max = "64GB", Unit = "bytes", Example = "256MB",
            English = "Row data held in memory by the whole run. It does not grow with the tables.",
            Chinese = "整次运行在内存中持有的行数据上限，不随表的大小增长。",
        },
    ];
}
