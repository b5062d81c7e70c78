using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>2xx: endpoints.</summary>
internal static class EndpointErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.SchemeUnknown] = new(
            new("no connector for this URL", "没有对应的连接器"),
            new("No connector knows the scheme {scheme}[; known: {known}].[ Did you mean {suggestion}?]",
                "没有连接器认识 {scheme}[；已知：{known}]。[是否想写 {suggestion}？]"),
            new("The part before the colon of source or target names the system.", "source 或 target 冒号前的部分指明系统。"),
            new("See which systems this version speaks:  pawl version", "查看本版本支持的系统：  pawl version")),
        [Codes.OptionUnknown] = new(
            new("unknown connection option", "未知的连接选项"),
            new("There is no option {option}[ for {scheme}][; known: {known}].[ Did you mean {suggestion}?]",
                "[{scheme} ]没有选项 {option}[；已知：{known}]。[是否想写 {suggestion}？]"),
            new("Options ride in the URL's query, as in sqlite:shop.db?name=value.", "选项写在 URL 的查询部分，如 sqlite:shop.db?name=value。"),
            new("Mend the URL, then:  pawl validate {jobfile}[   What there is:  pawl explain {scheme}]",
                "改正 URL，然后：  pawl validate {jobfile}[   查看可用选项：  pawl explain {scheme}]")),
        [Codes.OptionInvalid] = new(
            new("a connection option has a wrong value", "连接选项的值无效"),
            new("{value} is not a valid value for the option {option}[: expected {expected}].",
                "{value} 不是选项 {option} 的有效值[，应为 {expected}]。"),
            new("An option that is half understood could open the wrong thing.", "半懂不懂的选项可能打开错误的对象。"),
            new("Mend the URL, then:  pawl validate {jobfile}[   {setting} is a setting of the server: let an administrator change it]",
                "改正 URL，然后：  pawl validate {jobfile}[   {setting} 是服务器的设置：请管理员在服务器上修改]")),
        [Codes.FileMissing] = new(
            new("database file not found", "找不到数据库文件"),
            new("There is no file {file}.", "文件 {file} 不存在。"),
            new("A relative path counts from the job file's folder. A source is never created.", "相对路径从作业文件所在目录算起。源文件绝不会被自动创建。"),
            new("Look for it:  ls -l {file}", "查找：  ls -l {file}")),
        [Codes.FileIsDirectory] = new(
            new("a folder where a file belongs", "应为文件，却是目录"),
            new("{file} is a folder, not a file.", "{file} 是目录，不是文件。"),
            new("A database file is needed here.", "这里需要一个数据库文件。"),
            new("See what it holds:  ls -l {file}", "查看其中内容：  ls -l {file}")),
        [Codes.AccessDenied] = new(
            new("no right to do this", "权限不足"),
            new("Access was denied[: {right}][ on {file}][ on {endpoint}][ on {table}].",
                "访问被拒绝[：{right}][，{file}][，{endpoint}][，{table}]。"),
            new("The user running pawl lacks a right; for a file target the folder must be writable too (journal and lock files).",
                "运行 pawl 的用户缺少权限；文件型目标所在目录也必须可写（日志与锁文件）。"),
            new("See who may do what:  ls -ld \"$(dirname {file})\" {file}", "查看权限：  ls -ld \"$(dirname {file})\" {file}")),
        [Codes.NotADatabase] = new(
            new("not a database", "不是数据库"),
            new("{file} is not a database of this kind.", "{file} 不是此类数据库。"),
            new("Its first bytes are something else: another format, an encrypted file, or a name typed wrong.",
                "文件开头的字节不符：别的格式、加密文件，或文件名写错。"),
            new("See what it is:  file {file}", "查看文件类型：  file {file}")),
        [Codes.DatabaseCorrupt] = new(
            new("the database is damaged", "数据库已损坏"),
            new("{file} is damaged[: {cause}].", "{file} 已损坏[：{cause}]。"),
            new("The system itself reported a malformed page. Copying from it could lose rows without a word, so Pawl stops.",
                "系统自身报告页面损坏。从中复制可能悄悄丢行，因此 Pawl 停止。"),
            new("Look at the damage:  sqlite3 {file} 'pragma integrity_check'   then restore a backup or:  sqlite3 {file} .recover",
                "查看损坏：  sqlite3 {file} 'pragma integrity_check'   然后恢复备份或：  sqlite3 {file} .recover")),
        [Codes.SourceIsTarget] = new(
            new("source and target are the same", "源与目标相同"),
            new("Source and target are both {endpoint}[; the table {table} would be copied onto itself].",
                "源与目标都是 {endpoint}[；表 {table} 会被复制到自身]。"),
            new("A table copied onto itself would read what it writes. Within one PostgreSQL or MySQL database any other table can be " +
                "the target; not within one SQLite file, where every table that is made changes the file that is being read.",
                "把表复制到自身，会读到自己写入的内容。同一个 PostgreSQL 或 MySQL 数据库内，目标可以是任何其他表；" +
                "同一个 SQLite 文件内则不行：每建一张表都会改变正在读取的文件。"),
            new("Give the table another target, then:  pawl plan {jobfile}", "给该表换一个目标，然后：  pawl plan {jobfile}")),
        [Codes.LoginRefused] = new(
            new("the server refused the login", "服务器拒绝登录"),
            new("{endpoint} refused the login of {user}[: {cause}].", "{endpoint} 拒绝 {user} 登录[：{cause}]。"),
            new("A wrong or missing password, an unknown account, or none that is let in from here (PostgreSQL: no line in pg_hba.conf).",
                "密码错误或缺失、账号不存在，或不允许该账号从此处登录（PostgreSQL：pg_hba.conf 中没有这一行）。"),
            new("Try the same login by hand:  {login}   then:  pawl run {jobfile}",
                "手工试同样的登录：  {login}   然后：  pawl run {jobfile}")),
        [Codes.TlsRefused] = new(
            new("no trusted encrypted connection", "无法建立可信的加密连接"),
            new("No trusted encrypted connection to[ {host}][ ({endpoint})][: {cause}].",
                "无法与[ {host}][（{endpoint}）]建立可信的加密连接[：{cause}]。"),
            new("The server offers no TLS, or its certificate is expired, made out to another host, or signed by nobody this machine " +
                "trusts. Pawl does not go on unencrypted.",
                "服务器不提供 TLS，或其证书已过期、属于别的主机、签发者不被本机信任。Pawl 不会改用明文。"),
            new("Name the certificate that signed it in the URL (PostgreSQL: sslrootcert=FILE, MySQL: ca=FILE). A server without TLS is " +
                "spoken to only where the URL says so (sslmode=disable, tls=off). Then:  pawl run {jobfile}",
                "在 URL 中指明签发证书（PostgreSQL：sslrootcert=文件，MySQL：ca=文件）。不提供 TLS 的服务器，只有 URL 写明" +
                "（sslmode=disable、tls=off）才会连接。然后：  pawl run {jobfile}")),
        [Codes.GrantMissing] = new(
            new("a right is missing in the database", "数据库中缺少权限"),
            new("The account lacks a right[ on {table}][ at {endpoint}][: {cause}].", "账户缺少权限[，{table}][，{endpoint}][：{cause}]。"),
            new("Pawl asks for no more than the job needs; the right is given once, by the owner or an administrator.",
                "Pawl 只索取作业所需的权限；由属主或管理员授予一次即可。"),
            new("Let the owner run:  {grant}", "请属主执行：  {grant}")),
        [Codes.DatabaseMissing] = new(
            new("database not found", "找不到数据库"),
            new("There is no such database at {endpoint}[: {cause}].", "{endpoint} 上没有该数据库[：{cause}]。"),
            new("Names mind case. Pawl creates tables, never databases.", "名称区分大小写。Pawl 会建表，绝不会建数据库。"),
            new("See which there are:  psql -l   or:  mariadb -e 'show databases'   then:  pawl run {jobfile}",
                "查看已有的数据库：  psql -l   或：  mariadb -e 'show databases'   然后：  pawl run {jobfile}")),
        [Codes.ServerReadOnly] = new(
            new("the server takes no writes", "服务器不接受写入"),
            new("{endpoint} takes no writes[: {cause}].", "{endpoint} 不接受写入[：{cause}]。"),
            new("It is a standby that follows another server, or was set to read only. A target has to be the primary.",
                "它是跟随其他服务器的备库，或被设为只读。目标必须是主库。"),
            new("Name the primary as target, then:  pawl run {jobfile}", "将目标改为主库，然后：  pawl run {jobfile}")),
        [Codes.ServerUnfit] = new(
            new("the server's settings do not suit a target", "服务器的设置不适合作目标端"),
            new("{endpoint} cannot be a target while {setting} is {value}: {cause}.",
                "{setting} 为 {value} 时，{endpoint} 不能作为目标端：{cause}。"),
            new("What was answered as committed has to stay, and has to be seen by whoever goes on. As a source the server will do.",
                "已应答的提交必须保留，并且必须让接手者看到。作为源端则没有问题。"),
            new("Name another server as target, then:  pawl doctor {jobfile}", "将目标改为其他服务器，然后：  pawl doctor {jobfile}")),
        [Codes.ConnectionUnknown] = new(
            new("no such saved connection", "没有该名字的已保存连接"),
            new("No connection is saved under the name {name}.[ Did you mean {suggestion}?]",
                "没有以 {name} 为名保存的连接。[是否想写 {suggestion}？]"),
            new("An address starts with its system, as in sqlite:shop.db; a plain word is the name of a saved connection of this user.",
                "地址以系统名开头，如 sqlite:shop.db；单独一个词则是当前用户已保存连接的名字。"),
            new("See what is saved:  pawl conn list   or save it:  pawl conn add {name} URL",
                "查看已保存的：  pawl conn list   或保存它：  pawl conn add {name} URL")),
        [Codes.StoreLocked] = new(
            new("the saved connections cannot be opened", "无法打开已保存的连接"),
            new("The key of the saved connections does not open them[: {cause}].", "密钥无法打开已保存的连接[：{cause}]。"),
            new("They are sealed with PAWL_KEY where it is set, else with a key file beside them that only its owner may read.",
                "设置了 PAWL_KEY 时用它加密，否则用旁边只有属主可读的密钥文件。"),
            new("Bring the key back ({key_file}, or PAWL_KEY). If it is lost, save the connections anew:  pawl conn remove NAME",
                "找回密钥（{key_file} 或 PAWL_KEY）。若已丢失，请重新保存连接：  pawl conn remove NAME")),
        [Codes.StoreDamaged] = new(
            new("the saved connections were changed or damaged", "已保存的连接被改动或损坏"),
            new("{file} is not as Pawl left it[: {cause}].", "{file} 不是 Pawl 写下的样子[：{cause}]。"),
            new("It was cut short, edited, or entries were exchanged. A password might go to the wrong server, so none is used.",
                "文件被截断、编辑，或条目被调换。密码可能被发往错误的服务器，因此一个也不用。"),
            new("Bring it back from a backup, or save the connection anew:  pawl conn add NAME URL",
                "从备份恢复，或重新保存连接：  pawl conn add NAME URL")),
        [Codes.FileDamaged] = new(
            new("a file is damaged", "文件已损坏"),
            new("{file} cannot be read to its end[: {cause}].", "{file} 无法读到末尾[：{cause}]。"),
            new("It was cut off, or its bytes were changed. What lies behind the damage is not guessed.",
                "文件被截断，或字节被改动。损坏处之后的内容不作猜测。"),
            new("Put a whole file in its place, then copy its table afresh:  gzip -t {file}",
                "换上完整的文件，再重新复制该表：  gzip -t {file}")),
        [Codes.FolderExpected] = new(
            new("a target of files is a folder", "文件目标须为文件夹"),
            new("{file} is, or is named like, a file.", "{file} 是文件，或名称像文件。"),
            new("A target has a folder for each table, and in it as many files as there are commits. A file cannot hold them.",
                "目标为每张表建一个文件夹，每次提交在其中写一个文件；单个文件容纳不了。"),
            new("Name a folder, as in  target: csv:out/", "请写文件夹，如  target: csv:out/")),
        [Codes.AnswerTooLarge] = new(
            new("an answer is too large", "应答过大"),
            new("{endpoint} answers a question about its tables with more than Pawl gathers.",
                "{endpoint} 对表信息查询的应答超出 Pawl 所能容纳。"),
            new("Names and types of the tables that are looked at are held in memory. The bound is far beyond what servers have; one " +
                "that passes it may not be what it seems.",
                "所查看的表的名称与类型保存在内存中。上限远高于一般服务器；超出者未必是真正的数据库服务器。"),
            new("Name one database in the URL, then:  pawl validate {jobfile}",
                "在 URL 中写明一个数据库，然后：  pawl validate {jobfile}")),
    };
}
