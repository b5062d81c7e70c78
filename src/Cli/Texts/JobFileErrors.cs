using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>1xx: the job file and the command line.</summary>
internal static class JobFileErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.JobFileMissing] = new(
            new("job file not found", "找不到作业文件"),
            new("There is no job file {file}.", "作业文件 {file} 不存在。"),
            new("The path is relative to the current folder; a folder or a misspelt name is not a job file.",
                "路径相对于当前目录；目录或拼错的名字都不是作业文件。"),
            new("Write one:  pawl init --from sqlite:SOURCE.db --to sqlite:TARGET.db --tables '*' -o job.yaml",
                "新建一个：  pawl init --from sqlite:SOURCE.db --to sqlite:TARGET.db --tables '*' -o job.yaml")),
        [Codes.JobSyntax] = new(
            new("the job file is not valid YAML", "作业文件不是合法的 YAML"),
            new("The file cannot be read as one YAML document[: {cause}].", "文件无法作为一个 YAML 文档读取[：{cause}]。"),
            new("Usual causes: a tab for indentation, a missing space after a colon, an unclosed quote, a name starting with * " +
                "without quotes.",
                "常见原因：用制表符缩进、冒号后缺空格、引号未闭合、以 * 开头的名字没有加引号。"),
            new("Mend the marked place, then:  pawl validate {jobfile}", "改正标出的位置，然后：  pawl validate {jobfile}")),
        [Codes.JobFieldUnknown] = new(
            new("unknown field", "未知字段"),
            new("There is no field {name}[ in {parent}].[ Did you mean {suggestion}?]", "[{parent} 中]没有字段 {name}。[是否想写 {suggestion}？]"),
            new("A misspelt field would be ignored silently and the job would do something else than it says, so every unknown field " +
                "is an error.",
                "拼错的字段若被悄悄忽略，作业就会做出与字面不同的事，因此未知字段一律报错。"),
            new("See the fields:  pawl explain tables   or give the editor the schema:  pawl schema > pawl.schema.json",
                "查看字段：  pawl explain tables   或让编辑器使用模式：  pawl schema > pawl.schema.json")),
        [Codes.JobFieldMissing] = new(
            new("a field is missing", "缺少字段"),
            new("The field {field} is missing[ in {parent}].", "[{parent} 中]缺少字段 {field}。"),
            new("It has no default that would be safe to assume.", "该字段没有可以放心采用的默认值。"),
            new("See what belongs there:  pawl explain {field}", "查看应写什么：  pawl explain {field}")),
        [Codes.JobValueInvalid] = new(
            new("a value is not valid", "值无效"),
            new("{value} is not a valid value[ for {field}][: expected {expected}].[ Did you mean {suggestion}?]",
                "{value} 不是[{field} 的]有效值[，应为 {expected}]。[是否想写 {suggestion}？]"),
            new("Durations are written like 10s, sizes like 64MB, counts like 100k; a list of words takes one of its words.",
                "时长写作 10s，大小写作 64MB，数量写作 100k；枚举只接受列出的词。"),
            new("See type, range and default:  pawl explain {field}", "查看类型、范围与默认值：  pawl explain {field}")),
        [Codes.JobFieldLater] = new(
            new("known field, not in this version", "已知字段，本版本尚不支持"),
            new("{name}[ {value}] is known[ ({capability})], but this version of Pawl cannot do it yet.",
                "{name}[ {value}][（{capability}）]是已知字段，但本版本的 Pawl 还做不到。"),
            new("Ignoring it would run a job that does less than its file says.", "忽略它就会运行一个比文件所写更少的作业。"),
            new("Take the field out, or see what this version knows:  pawl schema", "去掉该字段，或查看本版本支持的字段：  pawl schema")),
        [Codes.SecretMissing] = new(
            new("a secret cannot be resolved", "无法取得密钥"),
            new("[The environment variable {variable} is not set.][The file {file} cannot be read.][ {cause}]",
                "[环境变量 {variable} 未设置。][文件 {file} 无法读取。][ {cause}]"),
            new("${{NAME}} takes an environment variable, ${{file:PATH}} the content of a file; neither is ever printed.",
                "${{NAME}} 取环境变量，${{file:路径}} 取文件内容；二者都不会被打印。"),
            new("Set it for this command:  NAME=value pawl run {jobfile}", "只为本次命令设置：  NAME=value pawl run {jobfile}")),
        [Codes.PatternEmpty] = new(
            new("a pattern matches no table", "模式未匹配到任何表"),
            new("{pattern} matches no table[ in {source}].[ Did you mean {suggestion}?]",
                "{pattern} [在 {source} 中]未匹配到任何表。[是否想写 {suggestion}？]"),
            new("A job that silently copies nothing would look like success. Patterns are globs over names and mind case where the " +
                "system does.",
                "悄悄什么都不复制的作业看起来会像成功。模式是对表名的通配，大小写是否敏感随系统而定。"),
            new("See the source's tables:  pawl init --from URL --to URL --tables '*' -o all.yaml",
                "查看源中的表：  pawl init --from URL --to URL --tables '*' -o all.yaml")),
        [Codes.TargetClash] = new(
            new("two tables would go into one", "两张表会写入同一目标"),
            new("[{table} and {other} would both][Several tables would] be written to {target}.",
                "[{table} 与 {other} 都][多张表]会写入 {target}。"),
            new("Their rows would mix, and neither could be verified or restarted by itself.", "行会混在一起，两者都无法单独校验或重来。"),
            new("Give each its own target, for example  target: \"{{table}}_copy\"  or merge them, with a column for where rows come from:"
                + "  source_column: shard  then:  pawl plan {jobfile}",
                "为每张表指定自己的目标；若要合并，用一列写明每行的来源：  source_column: shard  然后：  pawl plan {jobfile}")),
        [Codes.ConfirmationNeeded] = new(
            new("confirmation needed", "需要确认"),
            new("{action} needs a yes, and there is no terminal to ask on.", "{action} 需要确认，而这里没有终端可以询问。"),
            new("Pawl never guesses an answer that deletes something.", "凡是会删除数据的回答，Pawl 绝不替你猜。"),
            new("Answer beforehand:  {command} --yes", "事先回答：  {command} --yes")),
        [Codes.Usage] = new(
            new("this cannot be done", "无法执行"),
            new("{cause}", "{cause}"),
            new("Nothing was done.", "什么都没有做。"),
            new("See its options:  pawl[ {verb}] --help", "查看选项：  pawl[ {verb}] --help")),
        [Codes.SecretOnCommandLine] = new(
            new("a secret on the command line", "命令行中有密钥"),
            new("The address holds its {secret} in plain text[: {address}].", "地址中有明文的{secret}[：{address}]。"),
            new("Every process on the machine can read a command line, and the shell keeps it in its history. Nothing was done with it.",
                "本机所有进程都能读到命令行，shell 还会把它留在历史记录里。Pawl 没有使用它。"),
            new("Take it out of the address, let Pawl ask for it, and change it if others may have seen it:  pawl conn add NAME URL",
                "从地址中去掉它，让 Pawl 询问；若可能被他人看到，请更换：  pawl conn add NAME URL")),
        [Codes.ShardsAlike] = new(
            new("two merged tables would bear the same mark", "合并的两张表标记相同"),
            new("{table} and {other} both go into {target}, and both would have {value} in {column}.",
                "{table} 与 {other} 都写入 {target}，而 {column} 中的值都会是 {value}。"),
            new("Their rows could not be told apart, and neither could be verified or restarted by itself.",
                "两者的行将无法区分，都不能单独校验或重来。"),
            new("Let the value differ, for example  source_value: \"{{schema}}.{{table}}\"  then:  pawl plan {jobfile}",
                "让两者的值不同，例如  source_value: \"{{schema}}.{{table}}\"  然后：  pawl plan {jobfile}")),
        [Codes.CheckpointInvalid] = new(
            new("not a checkpoint file", "不是检查点文件"),
            new("{file} cannot be read as a checkpoint[: {cause}].", "无法把 {file} 作为检查点读取[：{cause}]。"),
            new("It was not written by checkpoint export, or was changed since.", "它不是 checkpoint export 写出的，或之后被改动过。"),
            new("Write one:  pawl checkpoint export {jobfile} > checkpoint.json",
                "写出一个：  pawl checkpoint export {jobfile} > checkpoint.json")),
    };
}
