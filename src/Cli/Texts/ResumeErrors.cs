using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>4xx and 5xx: cannot go on from where it was; somebody else holds the job.</summary>
internal static class ResumeErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.SourceReplaced] = new(
            new("this is another source", "源已被替换"),
            new("The source is not the one this job was copying from[: it was {was}][, it is {now}].",
                "源已不是该作业原来复制的那个[：原为 {was}][，现为 {now}]。"),
            new("A position means something only in the source it came from; behind the same path there is now another database.",
                "位置只在它所属的源中有意义；同一路径下现在是另一个数据库。"),
            new("If that is meant, copy afresh:  pawl run {jobfile} --restart   else put the right source back",
                "若确有此意，重新复制：  pawl run {jobfile} --restart   否则换回原来的源")),
        [Codes.TableRecreated] = new(
            new("the table was dropped and created again", "表被删除后重建"),
            new("{table} is not the table that was being copied: it was recreated.", "{table} 已被重建，不再是原来复制的那张表。"),
            new("Its old positions say nothing about its new rows.", "旧位置对新行没有意义。"),
            new("Copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.SchemaChanged] = new(
            new("the table looks different now", "表结构已改变"),
            new("The schema of {table} changed since its copy began[: {change}].", "{table} 的结构在复制开始后发生了变化[：{change}]。"),
            new("Rows before and after the change would not mean the same.", "变更前后的行含义不同。"),
            new("Change it back, or copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "改回去，或重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.DefinitionChanged] = new(
            new("the job says something else about this table now", "作业对该表的定义已改变"),
            new("What the job says about {table} changed since its copy began[: {change}].", "作业中关于 {table} 的定义在复制开始后已改变[：{change}]。"),
            new("Going on would leave a target half of one definition and half of another (where, columns, renames, constants, write " +
                "mode).",
                "继续会使目标一半按旧定义、一半按新定义（where、列、改名、常量、写入方式）。"),
            new("Change it back, or copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "改回去，或重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.TargetTruncated] = new(
            new("rows are gone from the target", "目标中的行不见了"),
            new("{target} lacks rows[: the ledger says {expected} were committed][, {found} are there][: {cause}].",
                "{target} 缺少行[：账本记载已提交 {expected} 行][，现有 {found} 行][：{cause}]。"),
            new("Somebody truncated or deleted rows behind the ledger's back; going on would leave the gap for ever.",
                "有人绕过账本清空或删除了行；继续会永远留下缺口。"),
            new("Copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.JobNameTaken] = new(
            new("another job has this name", "同名作业已存在"),
            new("The target already knows a job {job}[, copying from {was}].", "目标中已有名为 {job} 的作业[，其源为 {was}]。"),
            new("Two jobs of one name would share a ledger and each would believe the other's progress.", "同名的两个作业会共用账本，互相把对方的进度当成自己的。"),
            new("Give this job another name in its file, or if the source moved, copy afresh:  pawl run {jobfile} --restart",
                "在文件中给作业换个名字；若源已迁移，则重新复制：  pawl run {jobfile} --restart")),
        [Codes.FormatTooNew] = new(
            new("written by a newer Pawl", "由更新版本的 Pawl 写入"),
            new("The target's Pawl tables have format {found}; this version reads up to {known}.",
                "目标中 Pawl 表的格式为 {found}，本版本最多读取 {known}。"),
            new("Reading them wrongly could damage the ledger.", "读错可能损坏账本。"),
            new("Use the newer Pawl. This one is:  pawl version", "请使用新版 Pawl。当前版本：  pawl version")),
        [Codes.PositionUnreadable] = new(
            new("a stored position cannot be read", "无法读取已存位置"),
            new("The position[ {position}][ of {lane}] cannot be read[: {cause}].", "[{lane} 的]位置[ {position}]无法读取[：{cause}]。"),
            new("It was written by another version or changed by hand; a guess could skip rows.", "由其他版本写入或被手工改动；猜测可能跳过行。"),
            new("Look at it:  pawl checkpoint show {lane} {jobfile}   then restart its table if need be",
                "查看：  pawl checkpoint show {lane} {jobfile}   必要时重来该表")),
        [Codes.LedgerInconsistent] = new(
            new("the ledger contradicts itself", "账本自相矛盾"),
            new("The ledger[ of {lane}][ of {table}] does not hold together[: {cause}].", "[{lane} 的][{table} 的]账本前后不一致[：{cause}]。"),
            new("Entries are gone or were changed by hand, or the target was restored in part.", "条目缺失或被手工改动，或目标只恢复了一部分。"),
            new("Look at it:  pawl checkpoint list {jobfile}   then copy afresh:  pawl run {jobfile} --restart",
                "查看：  pawl checkpoint list {jobfile}   然后重新复制：  pawl run {jobfile} --restart")),
        [Codes.JobUnknown] = new(
            new("the target does not know this job yet", "目标尚不认识该作业"),
            new("The target holds no ledger of the job {job}.", "目标中没有作业 {job} 的账本。"),
            new("It has not run into this target yet, or its Pawl tables were removed.", "它尚未向该目标运行过，或 Pawl 的表已被删除。"),
            new("Start it:  pawl run {jobfile}", "启动：  pawl run {jobfile}")),
        [Codes.SnapshotLost] = new(
            new("the snapshot is gone", "快照已失效"),
            new("The snapshot that {table} was being read in is gone[: {cause}].[ {appended} of its rows are in {target}, added " +
                "to those of others.]",
                "正在读取 {table} 所用的快照已失效[：{cause}]。[它已有 {appended} 行追加到 {target} 中，与他人的行混在一起。]"),
            new("A table without a key, and every table of a job with consistency: one-snapshot, is read in one snapshot, which ends " +
                "with the session that holds it. The next run begins the table anew; not if write: append has added rows, for they would " +
                "be there twice.",
                "没有键的表，以及 consistency: one-snapshot 作业中的每张表，都在同一快照内读取；快照随持有它的会话结束。下一次运行会让该表从头再来；" +
                "但若 write: append 已追加了行，则不会自动重来，否则这些行会出现两次。"),
            new("Begin it anew:  pawl run {jobfile}   with write: append remove what it added, then:  pawl run {jobfile} --restart " +
                "--tables {table}",
                "让它从头再来：  pawl run {jobfile}   若为 write: append，先删除它追加的行，然后：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.SourceWentBack] = new(
            new("the source went back in time", "源回到了过去"),
            new("{source} is behind the place that the copy of {table} began at or has come to[: then {known}][, now {now}].",
                "{source} 已退回到 {table} 的复制起点或已到之处之前[：当时 {known}][，现在 {now}]。"),
            new("It was restored from a backup, a standby took over that had not received everything, or the table was emptied and its " +
                "numbers begin anew. Rows that were copied may not be there any more, and their keys may be given to others.",
                "它从备份恢复过，由一个尚未收全数据的备库接管，或者该表被清空、编号重新开始。已复制的行可能已不存在，其键也可能被分配给别的行。"),
            new("Copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.FileReplaced] = new(
            new("a file is not the one that was being read", "文件已不是原来读的那个"),
            new("{file}[, of {table},] is not what was being read[: {cause}].", "{file}[（属于 {table}）]已不是原来读的文件[：{cause}]。"),
            new("It was cut short, rewritten, replaced or removed while its table was half copied. Its old positions say nothing about " +
                "what lies there now.",
                "在表尚未复制完时，文件被截断、改写、替换或移走。旧位置对现在的内容没有意义。"),
            new("Put the file back and run again, or copy the table afresh:  pawl run {jobfile} --restart --tables {table}",
                "把文件放回去再运行，或重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.StageLost] = new(
            new("the staging table is not what was staged", "暂存表与账本不符"),
            new("The staging table[ {stage}] of {table} lacks rows or has others[: the ledger says {expected}][, {found} are there].",
                "{table} 的暂存表[ {stage} ]缺少行或多出行[：账本记载 {expected} 行][，现有 {found} 行]。"),
            new("Somebody changed or dropped it behind the ledger's back, or a restore took it back. Nothing was published; the target " +
                "keeps what it has.",
                "有人绕过账本改动或删除了它，或恢复备份使其回退。未发布；目标保持原样。"),
            new("Copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.NotPublished] = new(
            new("the newest copy is not published yet", "最新的副本尚未发布"),
            new("The newest copy of {table} is still staged; {target} shows what was there before.",
                "{table} 的最新副本仍在暂存；{target} 仍是之前的内容。"),
            new("Source and target are not meant to be equal before the copy is complete and has taken its place.",
                "在副本完整并取代目标之前，源与目标本就不应相等。"),
            new("Let it come to its end, then look again:  pawl run {jobfile}", "先让它完成，再来校验：  pawl run {jobfile}")),
        [Codes.TargetWentBack] = new(
            new("the target was put back while the job ran", "作业运行期间目标被恢复到旧状态"),
            new("{table} was finished in this run, and {target} does not know of it any more.",
                "{table} 已在本次运行中完成，而 {target} 已不再知晓此事。"),
            new("A backup was restored, or the server fell back to an older state: rows and ledger are both as they were then.",
                "恢复了备份，或服务器退回到旧状态：行与账本都回到了当时的样子。"),
            new("Run it again; it goes on from what the target holds:  pawl run {jobfile}",
                "再次运行，将从目标现有内容继续：  pawl run {jobfile}")),
        [Codes.ImportRefused] = new(
            new("a checkpoint that does not fit this target", "检查点与该目标不符"),
            new("The positions of {job}[, table {table},] cannot be taken: {cause}.", "无法导入 {job}[（表 {table}）]的位置：{cause}。"),
            new("A position says that every row before it is in the target. Where that cannot be seen it is not believed.",
                "一个位置意味着它之前的行都已在目标端；凡是无法看到的，就不能相信。"),
            new("Copy that table afresh into an empty target, or with write: upsert over its rows:  pawl run {jobfile}",
                "把该表重新复制到空的目标，或用 write: upsert 覆盖已有的行：  pawl run {jobfile}")),
        [Codes.RewindImpossible] = new(
            new("a table cannot go back there", "表无法退回到那里"),
            new("{table} cannot go back to that place[: {cause}].", "{table} 无法退回到该位置[：{cause}]。"),
            new("Rows that are read again must be told from those that are there: by their key (write: upsert), or by beginning anew.",
                "重新读取的行必须能与已有的行区分：靠主键（write: upsert），或者从头再来。"),
            new("Go back to the start:  pawl rewind {jobfile} --to start --tables {table}",
                "退回到起点：  pawl rewind {jobfile} --to start --tables {table}")),
        [Codes.JobHeld] = new(
            new("another runner holds this job", "另一个运行者持有该作业"),
            new("The job {job} is being run by {runner}[, heartbeat {age} ago].", "作业 {job} 正由 {runner} 运行[，心跳在 {age}前]。"),
            new("One job has one runner. The other is alive: its lock is held and its heartbeat is fresh. If it dies, the next run " +
                "takes over at once; if it is stopped or hangs, a run started again takes over when it has been silent for 30 s.",
                "一个作业只有一个运行者。对方仍存活：锁被持有且心跳新鲜。若它死亡，下一次运行立即接管；若它被暂停或卡住，再次启动的运行会在其沉默满 30 秒时接管。"),
            new("Watch it:  pawl progress {jobfile}   or stop it well:  pawl pause {jobfile}",
                "查看：  pawl progress {jobfile}   或让它妥善停下：  pawl pause {jobfile}")),
        [Codes.Fenced] = new(
            new("another runner took over", "已被另一个运行者接管"),
            new("This runner no longer owns the job[ {job}][ (lane {lane})].", "本运行者已不再拥有作业[ {job}][（通道 {lane}）]。"),
            new("It was silent for too long (stopped, asleep, cut off), so another runner took over. Nothing this one wrote since " +
                "then was kept.",
                "它沉默太久（被暂停、休眠或断网），已由别人接管。此后它写的内容一律未保留。"),
            new("Look at the new runner:  pawl progress {jobfile}", "查看新的运行者：  pawl progress {jobfile}")),
    };
}
