using Pawl.Telemetry;

namespace Pawl.Cli.Texts;

/// <summary>The catalogue of event texts. Arguments arrive already formatted for people, see <c>EventLine</c>. Thread-safe.</summary>
public static class EventTexts
{
    private static readonly Dictionary<string, EventText> All = new()
    {
        [EventCodes.RunStarted] = new(new("Run {run} of {job}[: {tables}]", "运行 {run}，作业 {job}[：{tables}]"),
            new("A run began.", "一次运行开始。")),
        [EventCodes.RunResumed] = new(
            new("Resuming run {run}[ at ledger {ledger}][ ({last_commit})]: {splits_done} splits done, {splits_partial} partial, " +
                "{splits_todo} to do[; {rows_kept} rows are kept]",
                "续传运行 {run}[，账本 {ledger}][（{last_commit}）]：{splits_done} 个分片已完成，{splits_partial} 个部分完成，{splits_todo} 个待做[；保留 " +
                    "{rows_kept} 行]"),
            new("The target knows unfinished work of this job; the run goes on from there.", "目标记有该作业未完成的工作，运行由此继续。")),
        [EventCodes.HolderWatched] = new(
            new("The job is held by {holder}[, silent for {heartbeat_ms}]: watching whether it lives; after 30 s of silence it is " +
                "taken over",
                "作业由 {holder} 持有[，已沉默 {heartbeat_ms}]：正在观察其是否存活；沉默满 30 秒即接管"),
            new("The runner that holds the job has been silent for 15 s. If it moves it is alive (exit code 6), else it is taken over.",
                "持有作业的运行者已沉默 15 秒。若有动静即为存活（退出码 6），否则接管作业。")),
        [EventCodes.JobTakenOver] = new(new("Took the job over from {from}, which is gone", "从已消失的 {from} 接管作业"),
            new("The runner before did not give the job back: it died or was silent for too long.", "上一个运行者没有交还作业：它已死亡或沉默太久。")),
        [EventCodes.TablePlanned] = new(new("{table} → {target}: {splits}[, about {estimated_rows} rows][, {rows_durable} rows " +
            "there already]",
                "{table} → {target}：{splits}[，约 {estimated_rows} 行][，已有 {rows_durable} 行]"),
            new("A table's work is fixed for this generation.", "一张表在本代的工作已经确定。")),
        [EventCodes.TableRestarted] = new(new("{table}: its snapshot is gone[ ({code})], it is copied anew",
            "{table}：其快照已失效[（{code}）]，从头重新复制"),
            new("All rows of the table were to be read in one snapshot, and that has ended: the table begins anew in another one.",
                "该表的所有行须在同一快照内读取，而快照已结束：该表在新的快照中从头再来。")),
        [EventCodes.TablePublished] = new(new("{table}: published[: {rows} rows][ in place of {removed}][ ({way})]",
            "{table}：已发布[：{rows} 行][，取代 {removed} 行][（{way}）]"),
            new("A staged copy took the place of the target's rows at one moment.", "暂存的副本在同一时刻取代了目标中的行。")),
        [EventCodes.TableSkipped] = new(new("{table}: nothing to do, it is finished", "{table}：无事可做，已完成"),
            new("The ledger says that every lane of the table is final.", "账本表明该表所有通道都已完成。")),
        [EventCodes.TableFailed] = new(new("{table} failed: {code}[ {title}]; the other tables go on", "{table} 失败：{code}[ {title}]；其他表继续"),
            new("One table cannot go on; the others do.", "一张表无法继续；其他表继续。")),
        [EventCodes.TableDone] = new(new("{table} done[: {rows} rows][, {bytes}][ in {ms}]", "{table} 完成[：{rows} 行][，{bytes}][，用时 {ms}]"),
            new("All lanes of the table are final and it is finished at the target.", "该表所有通道都已完成，目标端收尾完毕。")),
        [EventCodes.LaneOpened] = new(new("{lane} opened[ at ledger {seq}][, epoch {epoch}]", "{lane} 已打开[，账本 {seq}][，纪元 {epoch}]"),
            new("A lane's lease was taken; older holders are fenced.", "取得通道租约；旧持有者被隔离。")),
        [EventCodes.LaneCommitted] = new(new("{lane} ledger {seq}: {rows} rows, {bytes}", "{lane} 账本 {seq}：{rows} 行，{bytes}"),
            new("A group of rows is durable together with its ledger entry.", "一组行与其账本条目已一同落盘。")),
        [EventCodes.LaneProgress] = new(new("{lane} has {in_flight_rows} rows in flight[, {in_flight_bytes}]",
            "{lane} 有 {in_flight_rows} 行在途[，{in_flight_bytes}]"),
            new("Rows were read and are not committed yet.", "已读取但尚未提交的行。")),
        [EventCodes.LaneDone] = new(new("{lane} done[: {total_rows} rows]", "{lane} 完成[：{total_rows} 行]"),
            new("A lane is final.", "一个通道已完成。")),
        [EventCodes.LaneRetry] = new(new("[{table}: ]try {attempt} failed[ with {code}][ {title}][; again in {wait_ms}]",
            "[{table}：]第 {attempt} 次尝试失败[，{code}][ {title}][；{wait_ms}后重试]"),
            new("Something temporary went wrong; the lane tries again from the ledger.", "暂时性故障；通道从账本处重试。")),
        [EventCodes.EndpointLost] = new(
            new("{endpoint} does not answer[ ({code} {title})]: all lanes wait; asking again[ in {wait_ms}][ (question {attempt})]",
                "{endpoint} 没有应答[（{code} {title}）]：所有通道等待[；{wait_ms}后再次询问][（第 {attempt} 次）]"),
            new("Source or target went away. One question after another finds out when it is back; that counts as one retry of the run.",
                "源或目标失去连接。逐次询问其是否恢复；整个中断只算运行的一次重试。")),
        [EventCodes.EndpointBack] = new(new("{endpoint} answers again[ after {ms}]: all lanes go on", "{endpoint} 恢复应答[，历时 {ms}]：所有通道继续"),
            new("The endpoint that was waited for is back; each lane goes on from its ledger.", "等待的端点已恢复；各通道从账本处继续。")),
        [EventCodes.CommitResolved] = new(new("[{lane}: ]the commit whose answer was lost[ (ledger {seq})] had happened: {committed}",
            "[{lane}：]应答丢失的提交[（账本 {seq}）]已发生：{committed}"),
            new("The answer to a commit was lost; the ledger was read and says whether it happened.", "提交应答丢失；已读取账本裁定其是否发生。")),
        [EventCodes.FirstRow] = new(new("first row committed after {ms}", "{ms}后首行落盘"),
            new("Time from start to the first durable row.", "从启动到首行落盘的时间。")),
        [EventCodes.RowsRejected] = new(new("{table}: {rows} rows rejected[, {code}][ {title}]", "{table}：拒收 {rows} 行[，{code}][ {title}]"),
            new("Rows were set aside in pawl_reject, counted.", "若干行被搁置到 pawl_reject 并计数。")),
        [EventCodes.CellsNulled] = new(new("{table}: {cells} cells set to NULL", "{table}：{cells} 个单元格置为 NULL"),
            new("Cells that the target cannot hold were written as NULL, as the job says (set_null); pawl_reject has their values.",
                "目标无法存放的单元格已按作业设置（set_null）写为 NULL；原值保存在 pawl_reject。")),
        [EventCodes.Verified] = new(new("{table} verified[: {source_rows} rows on both sides][, level {level}]",
            "{table} 校验一致[：两侧各 {source_rows} 行][，级别 {level}]"),
            new("Source and target were compared and are equal.", "已比较源与目标，二者一致。")),
        [EventCodes.VerifyDiffers] = new(new("{table} DIFFERS[: source {source_rows} rows, target {target_rows}]",
            "{table} 不一致[：源 {source_rows} 行，目标 {target_rows} 行]"),
            new("Source and target were compared and differ.", "已比较源与目标，二者不同。")),
        [EventCodes.StopRequested] = new(new("Stopping: finishing the commit in flight[ ({why})]", "正在停止：先完成进行中的提交[（{why}）]"),
            new("Somebody asked the run to end; it ends after the commit in flight.", "有人要求结束；完成进行中的提交后结束。")),
        [EventCodes.Warning] = new(new("warning: [{what}: ][{code} ][{title}][ {text}][ {cause}]",
            "警告：[{what}：][{code} ][{title}][ {text}][ {cause}]"),
            new("Something to know that does not stop the run.", "值得知道但不会中止运行的事。")),
        [EventCodes.RunEnded] = new(new("Run {run} {status}[: {rows} rows][, {bytes}][ in {ms}]",
            "运行 {run} {status}[：{rows} 行][，{bytes}][，用时 {ms}]"),
            new("The run ended; the last event of every run.", "运行结束；每次运行的最后一个事件。")),
    };

    public static EventText? Find(string code) => All.GetValueOrDefault(code);

    public static IEnumerable<string> AllCodes => All.Keys;
}
