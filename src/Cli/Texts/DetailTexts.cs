using System.Text.RegularExpressions;

namespace Pawl.Cli.Texts;

/// <summary>
/// Details of errors and events that are words. Engine and connectors give them in English, as data; here they are said. What a server or a
/// driver says stays as it was said, and so do names and values. A test holds that no phrase is missing. Thread-safe.
/// </summary>
public static class DetailTexts
{
    /// <summary>The details whose values are words of Pawl's own.</summary>
    private static readonly HashSet<string> Worded =
    [
        "cause", "what", "why", "found", "needs", "expected", "committed", "right", "secret", "capability", "missing", "role", "final",
        "strict", "way",
    ];

    private static readonly Dictionary<string, Words> Names = new()
    {
        ["endpoint"] = new("endpoint", "端点"), ["file"] = new("file", "文件"), ["database"] = new("database", "数据库"),
        ["table"] = new("table", "表"), ["lane"] = new("lane", "通道"), ["position"] = new("position", "位置"),
        ["where"] = new("where", "所在"), ["at"] = new("at", "所在"), ["column"] = new("column", "列"), ["type"] = new("type", "类型"),
        ["value"] = new("value", "值"), ["option"] = new("option", "选项"), ["expected"] = new("expected", "应为"),
        ["cause"] = new("cause", "起因"), ["what"] = new("what", "内容"), ["role"] = new("role", "角色"), ["user"] = new("user", "用户"),
        ["rows"] = new("rows", "行数"), ["read"] = new("read", "读取"), ["target"] = new("target", "目标"),
        ["source"] = new("source", "源"), ["holder"] = new("holder", "持有者"), ["sequence"] = new("sequence", "序号"),
        ["bytes"] = new("bytes", "字节"), ["limit"] = new("limit", "上限"), ["constraint"] = new("constraint", "约束"),
        ["native"] = new("native", "原生代码"), ["job"] = new("job", "作业"), ["strict"] = new("strict", "严格模式"),
        ["source_type"] = new("source_type", "源类型"), ["host"] = new("host", "主机"), ["field"] = new("field", "字段"),
        ["key"] = new("key", "键"), ["columns"] = new("columns", "列"), ["address"] = new("address", "地址"),
    };

    /// <summary>Single words that stand for something of Pawl's own. Words of SQL and of the job file stay as they are.</summary>
    private static readonly Words[] Single =
    [
        new("yes", "是"), new("no", "否"), new("map", "映射"), new("list", "列表"), new("text", "文本"), new("constant", "常量"),
        new("password", "密码"), new("plan", "计划"), new("job", "作业"), new("heartbeat", "心跳"), new("release", "交还作业"),
        new("history", "运行历史"), new("pause", "暂停"), new("closed", "已关闭"), new("trigger", "触发器"), new("storage", "存储方式"),
        new("write", "写入"), new("read", "读取"), new("source", "源端"), new("target", "目标端"),
        new("schedules", "定时"), new("notifications", "通知"), new("dropped", "已删除"),
        new("settings per table", "按表设置"), new("view", "视图"), new("rule", "规则"), new("policy", "策略"),
        new("publication", "发布"), new("grant", "授权"), new("owner", "所有者"), new("inheritance", "继承"), new("partitions", "分区"),
        new("comment", "注释"), new("statistics", "统计信息"), new("extension", "扩展"), new("sequence", "序列"), new("object", "对象"),
        new("definition", "定义"), new("row security", "行级安全"), new("column setting", "列设置"), new("index setting", "索引设置"),
        new("security label", "安全标签"), new("rename", "改名"), new("keys", "按键更新"), new("create", "新建"),
        new("rows", "删除并插入"), new("missing right", "缺少权限"), new("table", "表"),
    ];

    /// <summary>Whole phrases; <c>{}</c> stands for whatever is there, in the same order in both languages.</summary>
    private static readonly Words[] Phrases =
    [
        new("values of this type are no place to go on from", "此类型的值不能作为续读位置"),
        new("the sessions that held it have ended", "持有它的会话已经结束"),
        new("database.view(column,column), each view once", "database.view(列,列)，每个视图一次"),
        new("read_only is set", "已设置 read_only"),
        new("its engine shows no moment of the past", "其存储引擎不能呈现过去的某一时刻"),
        new("a cursor is a whole number, a decimal or a time", "游标须为整数、decimal 或时间"),
        new("its engine does not say when a write began", "其存储引擎不告知写入何时开始"),
        new("a replica does not know the transactions of the server it follows", "副本不了解其所跟随服务器的事务"),
        new("a comment that the server may run as code", "服务器可能当作代码执行的注释"),
        new("all values are to be whole numbers, or all text, and the types are {}", "取值须全部为整数或全部为文本，实际类型为 {}"),
        new("its format is {}, this version reads {}", "其格式为 {}，本版本读取 {}"),
        new("the target has a ledger of this job", "目标端已有该作业的账本"),
        new("its next copy is a whole one", "它的下一次复制就是整份复制"),
        new("the job has no such table", "作业中没有这张表"),
        new("it is to be started over", "该表待重新开始"),
        new("rows that were set aside are not in the file", "文件中不含被搁置的行"),
        new("rows that were appended cannot be told from those of others", "追加的行无法与他人的行区分"),
        new("a run would begin it anew", "运行会让它从头再来"),
        new("the rows of the target cannot be counted", "无法统计目标端的行数"),
        new("the target does not hold just the rows that the ledger says", "目标端的行数与账本记载不符"),
        new("its rows are written once: it can only go back to its start", "该表的行只写一次：只能退回到起点"),
        new("it has no cursor, or has taken no row yet", "该表没有 cursor，或尚未取得任何行"),
        new("its window is under way: run it to its end first", "其窗口正在进行：请先运行到结束"),
        new("that lies ahead of it: nothing goes forward", "该位置在当前位置之后：不会向前跳过"),
        new("that is no value of its cursor", "这不是其 cursor 的值"),
        new("rows that were set aside have been tried again: it can only go back to its start", "被搁置的行已重试过：只能退回到起点"),
        new("a column of a SQLite file keeps its NOT NULL", "SQLite 文件中的列无法去掉 NOT NULL"),
        new("its collation is not BINARY", "排序规则不是 BINARY"),
        new("the other one has no such column", "另一张表没有该列"), new("only the other one has the column", "只有另一张表有该列"),
        new("here it is {}, there {}", "此处为 {}，另一处为 {}"), new("their keys are not the same", "两者的键不同"),
        new("an overlap is a time, and this is a number", "overlap 是时间，而该列是数字"),
        new("{} is no time such as 2024-01-31 12:00:00, which an overlap could be taken from",
            "{} 不是 2024-01-31 12:00:00 这样的时间，无法减去 overlap"),
        new("the file cannot be written, so that its writers cannot be kept out for a moment", "文件不可写，无法短暂挡住其他写入方"),
        new("a cursor is a whole number, a numeric or a time", "cursor 须为整数、numeric 或时间"),
        new("it has no zone: state one with  zone: UTC", "该列不带时区：请写明  zone: UTC"),
        new("its sequence {} hands out numbers in blocks: a smaller one may come later", "其序列 {} 成块发号：之后可能出现更小的编号"),
        new("on a standby a number is not known to be complete: take a time", "在备库上无法确认编号已完整：请改用时间列"),
        new("the standby has replayed nothing", "备库尚未回放任何事务"),
        new("a standby does not know the transactions of the server it follows", "备库不知道主库上的事务"),
        new("the user may not see when transactions of others began", "该用户无权查看他人事务的开始时间"),
        new("a prepared transaction does not say when it began", "已 PREPARE 的事务不说明何时开始"),
        new("behind it belongs the key: {}", "其后应为主键：{}"),
        new("it may be NULL, and such a row would never be seen", "该列可为 NULL，这样的行将永远看不到"),
        new("one snapshot of all tables would be older than its bound", "所有表的同一快照会早于其边界"),
        new("the source cannot be read by a cursor", "该源不能按 cursor 读取"),
        new("the table has no key", "该表没有主键"),
        new("a table that is replaced as a whole has no windows", "整体取代的表没有窗口"),
        new("a replace without a staging table", "整体取代缺少暂存表"),
        new("removing a row would change the rows that refer to it", "删除一行会改动引用它的行"),
        new("with triggers=skip the server would not look at the rows that refer to it", "使用 triggers=skip 时服务器不会检查引用它的行"),
        new("the table has no key by which its rows could be changed", "该表没有可用来更新各行的键"),
        new("its definition is written in a way that cannot be repeated", "其定义的写法无法重复"),
        new("rows that refer to it would refer to none", "引用它的行将失去引用对象"),
        new("a row neither taken nor refused", "一行既未写入也未拒绝"),
        new("the column has a default or a setting that a change of its type would take away",
            "该列带有默认值或设置，更改类型会使其丢失"),
        new("its engine is not InnoDB: rows and ledger could not commit together", "其存储引擎不是 InnoDB：行与账本无法一同提交"),
        new("the rows that refer to it keep its rows from being removed", "引用它的行使它的行无法删除"),
        new("somebody else makes or changes the same table just now", "此刻有其他会话正在创建或修改同一张表"),
        new("it was the target once, and somebody made another one since", "它曾是目标表，此后有人另建了一张"),
        new("a table that this account is not shown refers to it", "有一张本账户看不到的表引用它"),
        new("the server is set to read only, as replicas are", "服务器被设为只读，如同副本"),
        new("the transaction had failed before COMMIT was sent", "事务在发送 COMMIT 之前已失败"),
        new("another unique key of the table has the value in a row with another key", "该值已在另一键的行中，受表的另一唯一键约束"),
        new("the server warned, and did not say of what", "服务器给出警告而未说明原因"),
        new("more than {} sessions of one runner", "同一运行器的会话超过 {} 个"),
        new("a null, and the column takes none", "值为 NULL，而该列不允许为空"),
        new("a cell of another type ({})", "另一类型的单元格（{}）"),
        new("longer than max_allowed_packet of the server", "超过服务器的 max_allowed_packet"),
        new("{} bytes, and max_allowed_packet is {}", "{} 字节，而 max_allowed_packet 为 {}"),
        new("the server offers no TLS", "服务器不提供 TLS"),
        new("{}: no certificate in it", "{}：其中没有证书"),
        new("the server's key has {} bits; the password is not sent under it", "服务器的密钥只有 {} 位；密码不用它加密发送"),
        new("a zero in the name of the user or the database", "用户名或数据库名中含零字节"),
        new("the server speaks protocol {}, not 10", "服务器使用协议 {}，而非 10"),
        new("the server is too old: it lacks protocol 4.1", "服务器过旧：不支持 4.1 版协议"),
        new("the server asked for a file of this machine; it was refused", "服务器索取本机的文件；已拒绝"),
        new("beyond the range of the column", "超出该列的取值范围"),
        new("one MySQL cannot hold (NaN or an infinity)", "MySQL 无法存放的值（NaN 或无穷）"),
        new("one MariaDB cannot hold (-0.0)", "MariaDB 无法存放的值（-0.0）"),
        new("blanks at its end, which CHAR does not keep", "末尾有空格，而 CHAR 不保留"),
        new("more characters than the column holds", "字符数超过该列所能容纳"),
        new("more bytes than the column holds", "字节数超过该列所能容纳"),
        new("it does not keep blanks at the end", "它不保留末尾的空格"),
        new("it holds {} bytes", "它只存 {} 字节"),
        new("it holds fewer characters", "它容纳的字符更少"),
        new("it writes JSON in a form of its own", "它以自己的形式改写 JSON"),
        new("the stored image of reject {}/{} cannot be read: {}", "拒收行 {}/{} 保存的映像无法读取：{}"),
        new("rejects counted and not stored", "拒收行已计数而未保存"),
        new("there is no first record to name the columns", "没有给出列名的第一条记录"),
        new("there is no object to name the columns", "没有能给出列名的对象"),
        new("another character than quote and escape", "与 quote 和 escape 不同的字符"),
        new("one ASCII character", "一个 ASCII 字符"),
        new("names, separated by commas", "名称，用逗号分隔"),
        new("each name once", "每个名称只出现一次"),
        new("one record; a quote may be opened and not closed", "这是一条记录；可能有引号打开后没有闭合"),
        new("files know no conditions", "文件没有条件查询"),
        new("another file lies in its place", "原处已是另一个文件"),
        new("it is gone", "它已不在"),
        new("its bytes are not those that were there", "其字节已不是原来的"),
        new("it has {} bytes and had {}", "它有 {} 字节，原有 {} 字节"),
        new("the bytes before {} are not those that were read", "{} 之前的字节已不是读过的那些"),
        new("it ends before {}", "它在 {} 之前就结束了"),
        new("it is shorter than it was", "它比原来短"),
        new("the gzip is cut off, or something else follows it", "gzip 被截断，或其后另有内容"),
        new("a quote is opened and not closed", "引号打开后没有闭合"),
        new("something stands between a closing quote and the next delimiter", "闭合引号与下一个分隔符之间还有内容"),
        new("{} fields where the table has {} columns", "有 {} 个字段，而表有 {} 列"),
        new("bytes that are no text in the encoding of the file", "不符合文件编码的字节"),
        new("a NUL character", "NUL 字符"),
        new("no JSON object", "不是 JSON 对象"),
        new("half of a surrogate pair", "半个代理对"),
        new("a member that is no column: {}", "不属于任何列的成员：{}"),
        new("a member that is there twice: {}", "出现两次的成员：{}"),
        new("at most 4096 files a table, not {}", "一张表最多 4096 个文件，而不是 {} 个"),
        new("only one of {} and {}: both are the table {}", "{} 与 {} 只能留一个：两者都是表 {}"),
        new("column {} holds {}", "列 {} 的内容为 {}"),
        new("a row of that key is there already", "已有同键的行"),
        new("the line at byte {} is damaged", "字节 {} 处的行已损坏"),
        new("it does not begin as a journal does", "其开头不是日志文件的样子"),
        new("a table that is not known: {}", "未知的表：{}"),
        new("a row of another shape: {}", "结构不同的行：{}"),
        new("utf-8, in which a target is written", "utf-8（目标端一律以此写入）"),
        new("no names: a target has its table's", "不写列名：目标端用表自己的列名"),
        new("a pattern that finds {}", "能匹配 {} 的模式"),
        new("a character that no number and no date holds", "数字和日期中不会出现的字符"),
        new("a text without delimiter, quote and line end", "不含分隔符、引号和换行的文本"),
        new("JSON that is the word null, takes several lines, or has blanks around it", "JSON 为 null 一词、占多行或首尾有空白"),
        new("bytes that are not UTF-8", "并非 UTF-8 的字节"),
        new("without quotes it would be read as something else", "不加引号会被读成别的内容"),
        new("a NUL character, or bytes that are not UTF-8", "NUL 字符，或并非 UTF-8 的字节"),
        new("no job was fenced", "没有校验作业的归属"),
        new("no transaction is open", "没有打开的事务"),
        new("a transaction is open already", "已有打开的事务"),
        new("commit without flush", "未刷新就提交"),
        new("rejects of a lane without an entry", "没有账本条目的通道却有拒收的行"),
        new("ledger sequence", "账本序号"),
        new("writer used after an error", "出错之后仍在使用写入器"),
        new("session lock", "会话锁"),
        new("foreign key", "外键"),
        new("native definition", "原生定义"),
        new("batch does not have the plan's shape", "批次与计划的结构不符"),
        new("a duration from 0s to 10m, such as 500ms or 5s", "0s 到 10m 的时长，如 500ms 或 5s"),
        new("a duration from {} ms to {} min, as in 500ms, 5s, 2m", "{} 毫秒到 {} 分钟的时长，如 500ms、5s、2m"),
        new("a float is no place to go on from", "浮点数不能作为续传的位置"),
        new("its collation {} is not built in", "其排序规则 {} 并非内置"),
        new("a trigger left the row out", "触发器略去了该行"),
        new("one SQLite cannot hold (NaN, -0.0, or a whole number above 2^63 - 1)", "SQLite 无法保存的值（NaN、-0.0 或大于 2^63 - 1 的整数）"),
        new("emptying the table would change the rows that refer to it", "清空该表会改动引用它的行"),
        new("row-level security would hide rows", "行级安全会隐藏一部分行"),
        new("may not be read", "不可读"),
        new("the server is a standby: it follows another one and takes no writes", "该服务器是备库：它跟随另一台服务器，不接受写入"),
        new("it is a standby that follows another server", "它是跟随另一台服务器的备库"),
        new("the connection was lost before COMMIT was sent", "COMMIT 发出之前连接已断开"),
        new("the server answered COMMIT with ROLLBACK", "服务器对 COMMIT 应答了 ROLLBACK"),
        new("it is not null, has no default, and the job brings no such column", "它不允许为空、没有默认值，而作业不带这一列"),
        new("the target computes it", "它由目标端计算得出"),
        new("the table was emptied or rewritten after the snapshot was taken", "快照建立之后该表被清空或重写"),
        new("generated always as identity: a row that is there cannot be given another value", "generated always as identity：已有的行不能改为别的值"),
        new("an upsert goes by a table with one column more, and {} are the most", "upsert 须经由多一列的表，而列数最多 {}"),
        new("of {} rows the server took {}: a trigger or a rule left some out", "{} 行中服务器只接受了 {} 行：触发器或规则略去了一部分"),
        new("a crash of the server empties the table, and the ledger would not know", "服务器崩溃会清空该表，而账本无从知晓"),
        new("it would fire for every row", "它会对每一行触发"),
        new("tables have at most {} columns, this one would have {}", "表最多 {} 列，而该表会有 {} 列"),
        new("the type is not there: create extension {}", "该类型不存在：create extension {}"),
        new("the type is not there: create it first", "该类型不存在：请先创建"),
        new("the session {} that held {} has ended", "持有 {1} 的会话 {0} 已结束"),
        new("a key that is not UTF-8", "键不是 UTF-8"),
        new("the copy stream ended within a row", "复制流在一行中间结束"),
        new("a view's key needs built-in types that have an order, and floats are no place to go on from",
            "视图的键须为有次序的内置类型，浮点数不能作为续传的位置"),
        new("{} bytes are no {}", "{} 字节不是 {}"),
        new("a time after the year 294246", "294246 年之后的时间"),
        new("the row does not fit into one message", "一条消息容纳不下该行"),
        new("it was dropped, or dropped and made again, while Pawl wrote into it", "Pawl 写入期间，它被删除，或被删除后重建"),
        new("a message in a COPY", "COPY 中的消息"),
        new("a message's length", "消息的长度"),
        new("the server counted no rows", "服务器没有给出行数"),
        new("rows that only the server can read", "只有服务器能读懂的行"),
        new("two forms of rows in one COPY", "一次 COPY 中混有两种形式的行"),
        new("the driver's answer to COPY", "驱动对 COPY 的应答"),
        new("the driver's connection", "驱动的连接"),
        new("not a binary copy stream", "不是二进制复制流"),
        new("{} fields in a row of {}", "应有 {1} 个字段的行有 {0} 个"),
        new("a field of {} bytes", "{} 字节的字段"),
        new("sslcert beside it", "同时给出 sslcert"),
        new("a PEM file with at least one certificate", "至少含一个证书的 PEM 文件"),
        new("a certificate and its private key, both PEM and unencrypted", "证书及其私钥，均为未加密的 PEM"),
        new("schema.view(column,column), each view once", "schema.view(列,列)，每个视图一次"),
        new("a value outside the range of {}", "超出 {} 范围的值"),
        new("more than {} digits after the second", "秒后超过 {} 位小数"),
        new("{} in a column of {}", "类型为 {1} 的列中有 {0}"),
        new("text in a column of whole numbers", "整数列中有文本"),
        new("text in a column of numbers", "数值列中有文本"),
        new("text in a column of decimals", "十进制数列中有文本"),
        new("text in a column of bytes", "字节列中有文本"),
        new("a whole number outside {} … {}", "超出 {} … {} 的整数"),
        new("a number that four bytes cannot hold exactly", "四字节无法精确保存的数"),
        new("infinity in a column of limited digits", "限定位数的列中有无穷大"),
        new("no decimal: {}", "不是十进制数：{}"),
        new("{} digits before the point, numeric({},{}) holds {}", "小数点前 {} 位，而 numeric({},{}) 只容纳 {} 位"),
        new("{} digits after the point, numeric({},{}) would round to {}", "小数点后 {} 位，而 numeric({},{}) 会舍入到 {} 位"),
        new("{} digits before the point, at most {}", "小数点前 {} 位，最多 {} 位"),
        new("{} digits after the point, at most {}", "小数点后 {} 位，最多 {} 位"),
        new("text with a NUL in it, which PostgreSQL cannot store", "含有 PostgreSQL 无法存储的 NUL 的文本"),
        new("text that is not UTF-8", "不是 UTF-8 的文本"),
        new("{} bytes, at most {}", "{} 字节，最多 {}"),
        new("{} characters, at most {}", "{} 个字符，最多 {}"),
        new("{} characters; char({}) would change it to {}", "{} 个字符；char({}) 会将其变为 {} 个"),
    ];

    private static readonly Lazy<Dictionary<string, string>> Exact = new(() =>
        Single.Concat(Phrases.Where(p => !p.En.Contains("{}", StringComparison.Ordinal))).ToDictionary(w => w.En, w => w.Zh));

    private static readonly Lazy<(Regex Pattern, string Zh)[]> Open = new(() =>
        [.. Phrases.Where(p => p.En.Contains("{}", StringComparison.Ordinal)).Select(p => (Pattern(p.En), p.Zh))]);

    /// <summary>A detail's name for people; the name itself where it has no other.</summary>
    public static string Name(string name) => Names.TryGetValue(name, out var words) ? words.Text : name;

    /// <summary>A detail's value for people.</summary>
    public static string Value(string name, string value) =>
        Spoken == Language.Chinese && Worded.Contains(name) ? Chinese(value) ?? value : value;

    /// <summary>The Chinese of a phrase of Pawl's own; null when it is none.</summary>
    public static string? Chinese(string phrase)
    {
        if (Exact.Value.TryGetValue(phrase, out var exact)) return exact;
        foreach (var (pattern, zh) in Open.Value)
        {
            if (pattern.Match(phrase) is { Success: true } found) return Filled(zh, found);
        }
        return null;
    }

    /// <summary>Every pair, for tests.</summary>
    public static IEnumerable<Words> All => Names.Values.Concat(Single).Concat(Phrases);

    private static string Filled(string zh, Match found)
    {
        var next = 0;
        return Hole().Replace(zh, hole => found.Groups[(hole.Groups[1].Length > 0 ? int.Parse(hole.Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture) : next++) + 1].Value);
    }

    private static Regex Pattern(string en) => new("^" + string.Join("(.+?)", en.Split("{}").Select(Regex.Escape)) + "$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1));

    private static Regex Hole() => new(@"\{(\d?)\}", RegexOptions.CultureInvariant);
}
