using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>3xx: schema and plan.</summary>
internal static class SchemaErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.TableMissing] = new(
            new("table not found", "找不到表"),
            new("There is no table {table}[ in {endpoint}].[ Did you mean {suggestion}?]",
                "[{endpoint} 中]没有表 {table}。[是否想写 {suggestion}？]"),
            new("It was never there, was dropped, or its name differs in case.", "从未存在、已被删除，或大小写不同。"),
            new("See what a run would do:  pawl plan {jobfile}", "查看运行会做什么：  pawl plan {jobfile}")),
        [Codes.ColumnMissing] = new(
            new("column not found", "找不到列"),
            new("The table {table} has no column {column}.[ Did you mean {suggestion}?]", "表 {table} 没有列 {column}。[是否想写 {suggestion}？]"),
            new("select, drop, rename and where speak of columns by the source's names.", "select、drop、rename 与 where 使用源的列名。"),
            new("Mend the name, then:  pawl plan {jobfile}", "改正列名，然后：  pawl plan {jobfile}")),
        [Codes.KeyUnfit] = new(
            new("the key cannot order the rows", "主键无法为行排序"),
            new("The key of {table} cannot be used to go on from a place[: column {column}][ is {type}][, {cause}].",
                "{table} 的键不能用来定位续传[：列 {column}][，类型 {type}][，{cause}]。"),
            new("Resuming means reading strictly after the last row. Floating point, or a collation the system does not order by, " +
                "makes that unsure.",
                "续传意味着严格从最后一行之后读取。浮点数或系统不按其排序的排序规则会使这一点不可靠。"),
            new("Give the table an integer or text key, or leave it out:  exclude: [[{table}]]", "为表设置整数或文本键，或排除它：  exclude: [[{table}]]")),
        [Codes.KeyNull] = new(
            new("NULL in a key", "键中有 NULL"),
            new("The key of {table} holds a NULL[ in column {column}][ at {where}].", "{table} 的键[列 {column} ]含有 NULL[，位置 {where}]。"),
            new("NULL compares with nothing: a keyset read would stop early and lose the rows behind it.",
                "NULL 与任何值都不可比较：按键读取会提前停止并丢掉其后的行。"),
            new("Find them:  select count(*) from {table} where {column} is null",
                "找出它们：  select count(*) from {table} where {column} is null")),
        [Codes.TargetNotEmpty] = new(
            new("the target already holds rows Pawl did not write", "目标中已有并非 Pawl 写入的行"),
            new("{target} already holds rows, and no ledger says where they came from.", "{target} 中已有行，而账本没有它们的来源。"),
            new("Adding to them could double rows; deleting them could lose somebody's data. Neither is guessed.",
                "追加可能重复，删除可能丢数据，Pawl 都不猜。"),
            new("Empty the table yourself, or name another target, or write over equal keys with  write: upsert  or beside the rows with"
                + "  write: append", "自行清空该表，或换一个目标，或用  write: upsert  按键覆盖，或用  write: append  在已有的行之外追加")),
        [Codes.TargetColumnMissing] = new(
            new("the target table lacks a column", "目标表缺少列"),
            new("The target table {target} has no column {column}.", "目标表 {target} 没有列 {column}。"),
            new("The table was there before, with other columns; Pawl does not change tables it did not make.",
                "该表原本就存在且列不同；Pawl 不改动不是它创建的表。"),
            new("Add the column, or carry fewer:  drop: [[{column}]]  or  rename: {{{column}: other}}",
                "在目标添加该列，或少带一列：  drop: [[{column}]]")),
        [Codes.TargetTypeUnfit] = new(
            new("the target column cannot hold the values", "目标列容纳不下这些值"),
            new("Column {column} of {target}[ is {target_type} and] cannot hold[ the source's {type} values][ ({cause})] exactly.",
                "{target} 的列 {column}[（{target_type}）]无法精确保存[源的 {type} 值][（{cause}）]。"),
            new("Narrowing would change values silently.", "收窄会悄悄改变值。"),
            new("Change the target column's type, or leave the column out:  drop: [[{column}]]", "修改目标列类型，或不带该列：  drop: [[{column}]]")),
        [Codes.NameTooLong] = new(
            new("a name is too long for the target", "名字对目标而言过长"),
            new("The name {name} has {bytes} bytes; the target allows {limit}.", "名字 {name} 有 {bytes} 字节，目标最多允许 {limit}。"),
            new("Cutting it could make two names one.", "截断可能使两个名字变成一个。"),
            new("Rename it in the job:  target: shorter_name  or  rename: {{long: short}}", "在作业中改名：  target: 短名  或使用 rename")),
        [Codes.UpsertNeedsKey] = new(
            new("upsert needs a key", "upsert 需要键"),
            new("{table} has no primary key or unique set in the target, so write: upsert cannot find the row to update.",
                "{table} 在目标中没有主键或唯一约束，write: upsert 找不到要更新的行。"),
            new("Without a key every repeat would add the row again.", "没有键，每次重复都会再插入一行。"),
            new("Use  write: insert  (once per row by the ledger), or add a key to the target table",
                "使用  write: insert（由账本保证每行一次），或给目标表加键")),
        [Codes.ExpressionInvalid] = new(
            new("the condition is not valid", "条件表达式无效"),
            new("The source refused the condition[ {expression}][ on {table}][: {cause}].", "源拒绝了[{table} 上的]条件[ {expression}][：{cause}]。"),
            new("where is handed to the source as it stands; it is code in the source's own language.", "where 原样交给源执行；它是源系统语言的代码。"),
            new("Try it there:  select count(*) from {table} where …", "在源上试一试：  select count(*) from {table} where …")),
        [Codes.TargetTableMissing] = new(
            new("the target table does not exist", "目标表不存在"),
            new("There is no table {target} in the target, and the job says schema: {{create: false}}.", "目标中没有表 {target}，而作业设置了不建表。"),
            new("With create: false Pawl only writes into tables that are there.", "create: false 时 Pawl 只写入已有的表。"),
            new("Create the table, or let Pawl do it:  schema: {{create: true}}", "先建表，或让 Pawl 建：  schema.create 设为 true")),
        [Codes.ColumnClash] = new(
            new("two columns of one name", "列名重复"),
            new("Two columns of {table} would both be called {column} in the target.", "{table} 的两列在目标中都会叫 {column}。"),
            new("rename and set may give a column the name of another one.", "rename 与 set 可能使一列与另一列同名。"),
            new("Choose another name, then:  pawl plan {jobfile}", "换一个名字，然后：  pawl plan {jobfile}")),
        [Codes.TargetDependent] = new(
            new("something hangs on the target table", "目标表上附有其他对象"),
            new("The {what} {name} of {table}[, which concerns {other},] stands in the way: {cause}.",
                "{table} 上的{what} {name}[（涉及 {other}）]妨碍写入：{cause}。"),
            new("Triggers change other rows and foreign keys refuse rows that come before the ones they refer to.",
                "触发器会改动其他行，外键会拒绝先于被引用行到达的行。"),
            new("Drop it until the copy is done, or say so in the target's URL:  ?triggers=fire  or  ?triggers=skip",
                "在复制完成前先去掉它，或在目标 URL 中说明：  ?triggers=fire  或  ?triggers=skip")),
        [Codes.ReservedName] = new(
            new("a reserved name", "保留名称"),
            new("{name} is a name Pawl keeps for its own tables.", "{name} 是 Pawl 留给自己表的名称。"),
            new("Tables named pawl_* hold the ledger in the target; writing rows there would break it.", "名为 pawl_* 的表在目标中保存账本；写入会破坏它。"),
            new("Choose another target name, then:  pawl plan {jobfile}", "换一个目标名，然后：  pawl plan {jobfile}")),
        [Codes.CursorUnfit] = new(
            new("the column cannot serve as a cursor", "该列不能用作 cursor"),
            new("The cursor of {table} cannot be column {column}[ ({type})][: {cause}].",
                "{table} 的 cursor 不能是列 {column}[（{type}）][：{cause}]。"),
            new("An incremental run takes what lies above the last value. A row whose value is missing, or comes below that, would "
                + "never be copied.",
                "增量运行只取大于上次值的行；没有值的行、或之后才出现的更小的值，将永远不会被复制。"),
            new("Choose a column that grows with every change and is never NULL, or copy the table whole:  mode: snapshot",
                "换一个随每次变更增大且不为 NULL 的列，或整表复制：  mode: snapshot")),
        [Codes.RereadNeedsUpsert] = new(
            new("rows would be read twice, and the table takes each only once", "有的行会被读两次，而该表每行只能插入一次"),
            new("{table} is written by {write}, and its runs by {column} read some rows again.",
                "{table} 的写入方式为 {write}，而按 {column} 增量时有的行会再读一次。"),
            new("Equal values at the bound, an overlap, or a snapshot that goes on bring rows that are there already. Only by their key "
                + "can they be told from new ones.",
                "边界上的同值行、overlap，或由 snapshot 转入的增量，都会带来已存在的行；只有按主键才能与新行区分。"),
            new("Write over equal keys:  write: upsert", "按主键覆盖：  write: upsert")),
        [Codes.LagNeeded] = new(
            new("open transactions cannot be measured", "无法测得未结束的事务"),
            new("How late a row of {table} may be committed cannot be measured[: {cause}].",
                "无法测得 {table} 的行最晚何时提交[：{cause}]。"),
            new("A row keeps the time at which it was written, and can be committed long after. A run that has gone past that time "
                + "would never see it.",
                "行上的时间是写入时刻，提交可能晚得多；若运行已越过该时刻，就永远看不到这一行。"),
            new("[{grant}  or: ]State how long such a transaction lasts at most:  lag: 10m",
                "[{grant}  或：]写明这类事务最长持续多久：  lag: 10m")),
        [Codes.SourceEmpty] = new(
            new("the source is suddenly empty", "源端突然为空"),
            new("The copy of {table} holds no rows, and {target} does: nothing was published.", "{table} 的副本没有任何行，而 {target} 有行：未发布。"),
            new("A source that fails, or was just emptied to be filled again, looks like one without rows. The target keeps what it has.",
                "出故障的源，或刚清空准备重新装载的源，看起来都像没有行。目标保持原样。"),
            new("Run again when the source is well; it is read anew. If no rows are right:  allow_empty: true",
                "源端恢复后再次运行即可，会重新读取。若确实应为空：  allow_empty: true")),
        [Codes.CannotPublish] = new(
            new("the copy cannot take the place of the rows", "副本无法取代现有的行"),
            new("The rows of {target} cannot be replaced[: {what}][ {name}][: {cause}].",
                "{target} 中的行无法被取代[：{what}][ {name}][：{cause}]。"),
            new("Something depends on the table that replacing its rows would break, or rows that the target's rules refuse. All of it " +
                "was taken back; the target keeps what it has.",
                "有依赖该表的对象会因此被破坏，或目标的规则拒绝这些行。已全部撤销；目标保持原样。"),
            new("See how it would be published:  pawl plan {jobfile}   If rows of the source are wrong, mend them and copy afresh:  " +
                "pawl run {jobfile} --restart --tables {table}",
                "查看将如何发布：  pawl plan {jobfile}   若源端的行有误，修正后重新复制：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.PublicationDiffers] = new(
            new("the target took other rows than were staged", "目标接收的行与暂存的不符"),
            new("Of {staged} staged rows of {table}, {target} took {published}: all of it was taken back.",
                "{table} 暂存 {staged} 行，{target} 接收了 {published} 行：已全部撤销。"),
            new("A trigger or a rule of the target leaves rows out or adds some.", "目标的触发器或规则略去或增加了行。"),
            new("Look at the target's triggers and rules, then:  pawl run {jobfile}", "检查目标的触发器与规则，然后：  pawl run {jobfile}")),
        [Codes.ShardsDiffer] = new(
            new("merged tables do not look alike", "要合并的表结构不一致"),
            new("{table} cannot go into {target} beside {other}[: column {column}][: {cause}].",
                "{table} 不能与 {other} 一起写入 {target}[：列 {column}][：{cause}]。"),
            new("A column that one of them lacks would be filled with nothing, and a type that differs could change values.",
                "其中一张表缺少的列会变成空值，类型不同则可能改变取值。"),
            new("Make the tables alike, or bring them into line:  rename, select, drop;  or leave one out:  exclude: [[{table}]]",
                "让两表结构一致，或用  rename、select、drop  对齐；也可排除一张：  exclude: [[{table}]]")),
        [Codes.ReferenceCycle] = new(
            new("target tables refer to each other in a circle", "目标表的外键互相引用成环"),
            new("The foreign keys of the target go round: {cycle}.", "目标端的外键构成环：{cycle}。"),
            new("None of these tables has rows yet, so whichever comes first would refer to rows that are not there.",
                "这些表都还没有行，无论先写哪一张，引用的行都尚不存在。"),
            new("Drop one of the keys until the copy is done, or let the server not look at them meanwhile:  ?triggers=skip  in the "
                + "target's URL", "在复制完成前先去掉其中一个外键，或让服务器暂不检查：目标 URL 中写  ?triggers=skip")),
        [Codes.ReferenceFailed] = new(
            new("a table that this one refers to is not done", "被引用的表没有完成"),
            new("{table} waits for {other}, which its foreign keys refer to and which did not finish[ ({code})].",
                "{table} 的外键引用 {other}，而后者没有完成[（{code}）]。"),
            new("The target would refuse rows whose counterpart is missing. Nothing was written.",
                "引用不到对应行的行会被目标端拒绝。没有写入任何行。"),
            new("Mend the other table, then both go on:  pawl run {jobfile}", "先解决另一张表的问题，两张表即可继续：  pawl run {jobfile}")),
        [Codes.DriftNeedsReread] = new(
            new("rows that were copied lack a column, and cannot be read again", "已复制的行缺少新列，又不能重读"),
            new("{table} has new or other columns[: {columns}], and rows that were copied before hold values in them. It is written by "
                + "{write}, which takes no row twice.",
                "{table} 有新增或变化的列[：{columns}]，而此前已复制的行在其中有值。它的写入方式为 {write}，每行只能写一次。"),
            new("The target would show NULL where the source has a value, and nothing would ever correct it.",
                "目标端会在源端有值的地方显示 NULL，且永远不会被更正。"),
            new("Go on without them:  schema: {{changes: ignore}}   or write over equal keys:  write: upsert  and copy afresh:  "
                + "pawl run {jobfile} --restart --tables {table}",
                "不带这些列继续：  schema: {{changes: ignore}}   或按主键覆盖：  write: upsert  并重新复制：  "
                + "pawl run {jobfile} --restart --tables {table}")),
        [Codes.TargetNotEvolved] = new(
            new("the target table cannot follow its source", "目标表无法随源表变更"),
            new("Column {column} of {target} cannot be altered[: {cause}].", "无法变更 {target} 的列 {column}[：{cause}]。"),
            new("Something that is built on the column, a view or a rule, may stand in the way, or the system cannot do it.",
                "可能有依赖该列的对象（视图、规则）妨碍变更，或该系统不支持这种变更。"),
            new("Alter it by hand and run again:  pawl run {jobfile}", "手工变更后再次运行：  pawl run {jobfile}")),
        [Codes.PartChanged] = new(
            new("a file of the target is not as it was written", "目标的文件已不是写入时的样子"),
            new("{file}, in which rows of {table} are, was changed or removed[: {cause}].",
                "{file} 中有 {table} 的行，它已被改动或移走[：{cause}]。"),
            new("The ledger counts its rows as copied; going on would leave the gap for ever.", "账本已将其中的行计为已复制；继续会永远留下缺口。"),
            new("Put the file back, or copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "放回该文件，或重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
    };
}
