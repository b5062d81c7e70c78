using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>7xx: temporary; 9xx: ours.</summary>
internal static class OtherErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.Busy] = new(
            new("somebody else holds a lock", "被他人占用锁"),
            new("[{file}][The {what}][The table {table}] is locked[ by {holder}][, waited {waited}].",
                "[{file}][{what}][表 {table}] 被锁定[，持有者 {holder}][，已等待 {waited}]。"),
            new("Another program writes there. Pawl waits a bounded time, then tries again with growing pauses.",
                "另一个程序正在写入。Pawl 只等待有限时间，然后以递增间隔重试。"),
            new("[See who has it open:  fuser -v {file}   ][If that session is forgotten:  select pg_terminate_backend({holder_pid})   ]"
                + "Then run again:  pawl run {jobfile}",
                "[查看谁打开了它：  fuser -v {file}   ][若该会话已被遗忘：  select pg_terminate_backend({holder_pid})   ]然后再运行：  pawl run {jobfile}")),
        [Codes.DiskFull] = new(
            new("no space left", "磁盘已满"),
            new("The disk is full[: {file}][ at {endpoint}].", "磁盘已满[：{file}][，{endpoint}]。"),
            new("What was committed is safe; the group in flight was rolled back.", "已提交的内容是安全的；进行中的一组已回滚。"),
            new("See the space:  df -h   make room, then go on:  pawl run {jobfile}", "查看空间：  df -h   腾出空间后继续：  pawl run {jobfile}")),
        [Codes.InputOutput] = new(
            new("reading or writing failed", "读写失败"),
            new("Input or output failed[ on {file}][ on {endpoint}][: {cause}].", "[{file} ][{endpoint} ]读写失败[：{cause}]。"),
            new("The disk, the network or the system below reported an error.", "磁盘、网络或底层系统报告了错误。"),
            new("Look at the system's log, then go on:  pawl run {jobfile}", "查看系统日志，然后继续：  pawl run {jobfile}")),
        [Codes.CommitUnknown] = new(
            new("the answer to a commit was lost", "提交的应答丢失"),
            new("The answer to a commit was lost[ on {lane}].", "[{lane} 的]提交应答丢失。"),
            new("It may or may not have happened. Pawl does not guess: it fences the lane and reads the ledger.",
                "可能已提交，也可能没有。Pawl 不猜：先隔离通道，再读账本。"),
            new("Run again; the ledger decides:  pawl run {jobfile}", "再次运行，由账本裁定：  pawl run {jobfile}")),
        [Codes.Unreachable] = new(
            new("cannot be reached", "无法连接"),
            new("{endpoint} cannot be reached[: {cause}].", "{endpoint} 无法连接[：{cause}]。"),
            new("It is down, or the way to it is.", "对方停机，或网络不通。"),
            new("When it is back, go on:  pawl run {jobfile}", "恢复之后继续：  pawl run {jobfile}")),
        [Codes.RetryBudget] = new(
            new("tried often enough", "重试次数已用尽"),
            new("Still failing after {attempts} attempts[ of {lane}][ of {table}][; the last: {last}][ {cause}].",
                "[{lane} ][{table} ]重试 {attempts} 次后仍失败[；最近一次：{last}][ {cause}]。"),
            new("Every retry has a bound. What was committed is safe.", "重试都有上限。已提交的内容是安全的。"),
            new("When the cause is gone, go on:  pawl run {jobfile}", "原因消除后继续：  pawl run {jobfile}")),
        [Codes.CommitRefused] = new(
            new("the target rolled a commit back", "目标回滚了提交"),
            new("The target rolled back a commit[ of {lane}][: {cause}].", "目标回滚了[{lane} 的]提交[：{cause}]。"),
            new("The answer said so; the group is written again from the ledger's last entry.", "应答已说明；该组将从账本最后一条之后重写。"),
            new("Run again:  pawl run {jobfile}", "再次运行：  pawl run {jobfile}")),
        [Codes.BooksDoNotBalance] = new(
            new("the books do not balance", "账目不平"),
            new("Rows read and rows written do not add up[ on {lane}][ of {table}][: {books}][ {cause}].",
                "[{lane} ][{table} ]读写行数不平[：{books}][ {cause}]。"),
            new("Read + expanded must equal inserted + updated + unchanged + filtered + collapsed + rejected, as the server counted. " +
                "Nothing was committed.",
                "读取 + 展开 必须等于 插入 + 更新 + 未变 + 过滤 + 合并 + 拒收（以服务器计数为准）。未提交任何内容。"),
            new("This is a bug in Pawl or a trigger in the target. Please report it with:  pawl runs report {run} --format md",
                "这是 Pawl 的缺陷或目标上的触发器所致。请附上：  pawl runs report {run} --format md")),
        [Codes.ContractBroken] = new(
            new("a part of Pawl broke its contract", "Pawl 内部违反约定"),
            new("A part of Pawl did what it must not[: {cause}][ {rule}].", "Pawl 的某一部分做了不该做的事[：{cause}][ {rule}]。"),
            new("Stopping is safer than going on. What was committed is safe.", "停下比继续更安全。已提交的内容是安全的。"),
            new("This is a bug in Pawl. Please report it with:  pawl runs report {run} --format md",
                "这是 Pawl 的缺陷。请附上：  pawl runs report {run} --format md")),
        [Codes.Unexpected] = new(
            new("unexpected failure", "意外失败"),
            new("Something failed that Pawl has no name for[: {cause}].", "发生了 Pawl 没有命名的失败[：{cause}]。"),
            new("What was committed is safe.", "已提交的内容是安全的。"),
            new("Try again; if it stays, report it with the output of:  pawl run {jobfile} -v",
                "再试一次；若依旧，请附上以下输出报告：  pawl run {jobfile} -v")),
        [Codes.TooManyConnections] = new(
            new("the server has no free connection", "服务器没有空闲连接"),
            new("{endpoint} has no free connection[: {cause}].", "{endpoint} 没有空闲连接[：{cause}]。"),
            new("Its connection limit, or that of the role or database, is reached. Pawl tries again with growing pauses.",
                "已达到服务器、角色或数据库的连接上限。Pawl 会以递增间隔重试。"),
            new("Use fewer lanes (parallel) or raise the limit, then:  pawl run {jobfile}", "减少通道（parallel）或提高上限，然后：  pawl run {jobfile}")),
        [Codes.ReplicaBehind] = new(
            new("the replica is not there yet", "副本尚未跟上"),
            new("{source} has not come to the place where the copy of {table} began[: then {known}][, now {now}].",
                "{source} 尚未到达开始复制 {table} 时的位置[：当时 {known}][，现在 {now}]。"),
            new("The copy began on a server that had come further. A replica that lags catches up; a copy that went on now could miss " +
                "rows.",
                "复制开始时所读的服务器走得更远。滞后的副本会追上；此刻继续可能漏行。"),
            new("Try again in a while, or read from the primary:  pawl run {jobfile}", "稍后再试，或改读主库：  pawl run {jobfile}")),
        [Codes.StatementCancelled] = new(
            new("the server ended a statement", "服务器中止了语句"),
            new("A statement[ on {table}] was ended at {endpoint}[: {cause}].", "{endpoint} 上[{table} 的]语句被中止[：{cause}]。"),
            new("A statement timeout, or somebody who cancelled it. What was committed is safe.", "语句超时，或有人取消了它。已提交的内容是安全的。"),
            new("Raise statement_timeout in the URL, then go on:  pawl run {jobfile}",
                "在 URL 中提高 statement_timeout，然后继续：  pawl run {jobfile}")),
        [Codes.TargetAltered] = new(
            new("the target table was altered", "目标表被修改"),
            new("{table} was altered while rows went into it.", "写入过程中 {table} 的结构被修改。"),
            new("Somebody changed its columns. The open group was rolled back and is tried again with the table as it is now.",
                "有人修改了它的列。当前提交组已回滚，并按表的新结构重试。"),
            new("When it does not get on by itself, see what fits:  pawl plan {jobfile}", "如果没有自行恢复，查看是否匹配：  pawl plan {jobfile}")),
        [Codes.TransactionsOpen] = new(
            new("older transactions are still open", "仍有更早的事务未结束"),
            new("[{endpoint}: ]A transaction that may still add rows to {table} is open[ since {since}][ (process {pid})][: {cause}].",
                "[{endpoint}：]可能仍会向 {table} 加行的事务尚未结束[，始于 {since}][（进程 {pid}）][：{cause}]。"),
            new("It may hold a smaller number than the largest one that is visible; a run that went past it would never see that row.",
                "它可能持有比当前可见最大值更小的编号；若运行越过它，就永远看不到那一行。"),
            new("It is tried again. If it stays, end that transaction, or use a time as cursor, which waits for nobody.",
                "稍后会重试。若一直存在，请结束该事务，或改用时间列作 cursor（无需等待）。")),
    };
}
