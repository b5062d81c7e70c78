using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>What the URL of a folder or file may say in its query. Immutable.</summary>
internal sealed record FilesOptions
{
    private static readonly OptionSpec FilesSpec = new("files",
        "Which files of a folder are read: a glob over their names, the ending .gz left out; the default is *.csv or *.jsonl.")
    {
        Chinese = "读目录中的哪些文件：对文件名（不含结尾的 .gz）的通配模式；默认为 *.csv 或 *.jsonl。",
    };

    private static readonly OptionSpec EncodingSpec = new("encoding",
        "How the bytes are to be read as text, where a file does not begin with a byte order mark that says so itself.", "utf-8",
        FileEncoding.Names)
    {
        Chinese = "文件不以字节序标记开头时，字节按什么编码理解为文本。",
    };

    private static readonly OptionSpec TypesSpec = new("types",
        "Types of columns, as in id:bigint,orders.amount:decimal(12,2); every other column is text, exactly as it stands.")
    {
        Chinese = "列的类型，如 id:bigint,orders.amount:decimal(12,2)；其余各列都是文本，原样保存。",
    };

    private static readonly OptionSpec KeySpec = new("key",
        "Columns that make a row the same row, separated by commas, for every table that has all of them; without it a table has no key.")
    {
        Chinese = "哪些列确定一行，用逗号分隔，对含有全部这些列的每张表生效；不写则表没有键。",
    };

    private static readonly OptionSpec CompressionSpec = new("compression",
        "How the files of a target are packed; files that are read say it by their names, ending in .gz or not.", "none", ["none", "gzip"])
    {
        Chinese = "目标文件的压缩方式；读取的文件由名称是否以 .gz 结尾说明。",
    };

    private static readonly OptionSpec LineEndSpec = new("line_end",
        "What ends the records of a target's files; in files that are read both do.", "lf", ["lf", "crlf"])
    {
        Chinese = "目标文件的记录以什么结束；读取的文件两者皆可。",
    };

    public static readonly IReadOnlyList<OptionSpec> CsvSpecs =
    [
        new("delimiter", "What stands between two fields: one ASCII character, or the word tab.", ",")
        {
            Chinese = "两个字段之间的分隔符：一个 ASCII 字符，或单词 tab。",
        },
        new("quote", "What stands around a field that holds delimiters or line ends: one ASCII character, or the word none.", "\"")
        {
            Chinese = "含分隔符或换行的字段两侧的引号：一个 ASCII 字符，或单词 none。",
        },
        new("escape", "What takes the next character of a quoted field as it stands: one ASCII character; a doubled quote is one quote "
            + "with or without it.", "none")
        {
            Chinese = "在带引号的字段里让后一个字符按原样理解的字符：一个 ASCII 字符；无论是否设置，双写的引号都是一个引号。",
        },
        new("header", "Whether the first record of a file names the columns: yes or no (c1, c2, …), or their names separated by commas.",
            "yes")
        {
            Chinese = "文件的第一条记录是否为列名：yes 或 no（c1、c2……），也可直接写列名，用逗号分隔。",
        },
        new("null", "The unquoted text that means NULL; without it an unquoted field with nothing in it does.")
        {
            Chinese = "不带引号时表示 NULL 的文本；不写则不带引号的空字段为 NULL。",
        },
        EncodingSpec, FilesSpec, TypesSpec, KeySpec, CompressionSpec, LineEndSpec,
    ];

    public static readonly IReadOnlyList<OptionSpec> JsonlSpecs =
    [
        new("columns", "The members that are columns, separated by commas; without it the first file's first records say them.")
        {
            Chinese = "作为列的成员，用逗号分隔；不写则由第一个文件开头的记录决定。",
        },
        EncodingSpec, FilesSpec, TypesSpec, KeySpec, CompressionSpec,
    ];

    public static readonly ConnectorLimits Limits = new() { HasSchemas = false, ValueBytes = BytesColumn.MaxBytes };

    public bool IsJson { get; init; }
    public byte Delimiter { get; init; } = (byte)',';
    /// <summary>0 = fields are never quoted.</summary>
    public byte Quote { get; init; } = (byte)'"';
    /// <summary>0 = none.</summary>
    public byte Escape { get; init; }
    /// <summary>The first record of a file names its columns.</summary>
    public bool Header { get; init; } = true;
    /// <summary>The columns by name, in order; null = the file says them.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
    public byte[] Null { get; init; } = [];
    public FileEncoding Encoding { get; init; } = FileEncoding.Utf8;
    public TablePattern Files { get; init; } = new("*.csv");
    public FileTypes Types { get; init; } = FileTypes.None;
    public IReadOnlyList<string> Key { get; init; } = [];
    /// <summary>A target's files are packed.</summary>
    public bool IsPacked { get; init; }
    /// <summary>A target's records end with CR LF.</summary>
    public bool HasReturns { get; init; }

    /// <summary>What the names of a target's files end with.</summary>
    public string Ending => (IsJson ? ".jsonl" : ".csv") + (IsPacked ? ".gz" : "");

    /// <summary>Of everything that changes what the bytes of a file mean; 16 hex digits.</summary>
    public string Hash()
    {
        var nothing = Convert.ToHexString(Null);
        var text = FormattableString.Invariant($"{IsJson} {Delimiter} {Quote} {Escape} {Header} {nothing} {Encoding.Name}");
        return Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    /// <exception cref="PawlException"><see cref="Codes.OptionUnknown"/> or <see cref="Codes.OptionInvalid"/>.</exception>
    public static FilesOptions Parse(Endpoint at)
    {
        var isJson = at.Scheme == "jsonl";
        var options = new FilesOptions { IsJson = isJson, Files = new TablePattern(isJson ? "*.jsonl" : "*.csv"), Header = !isJson };
        var known = isJson ? JsonlSpecs : CsvSpecs;
        foreach (var (name, value) in at.Options)
        {
            if (known.All(o => o.Name != name))
            {
                throw new PawlException(Fault.Configuration, Codes.OptionUnknown, ("option", name),
                    ("known", string.Join(", ", known.Select(o => o.Name))), ("endpoint", at.Display));
            }
            options = options.With(name, value);
        }
        return options.Checked();
    }

    private FilesOptions With(string name, string value) => name switch
    {
        "delimiter" => this with { Delimiter = Letter(name, value is "tab" or "\\t" ? "\t" : value) },
        "quote" => this with { Quote = value == "none" ? (byte)0 : Letter(name, value) },
        "escape" => this with { Escape = value == "none" ? (byte)0 : Letter(name, value) },
        "header" => value switch
        {
            "yes" => this with { Header = true, Columns = null },
            "no" => this with { Header = false, Columns = null },
            _ => this with { Header = false, Columns = Names(name, value) },
        },
        "columns" => this with { Columns = Names(name, value) },
        "null" => this with { Null = System.Text.Encoding.UTF8.GetBytes(value) },
        "encoding" => this with
        {
            Encoding = FileEncoding.Find(value) ?? throw Invalid(name, value, string.Join(" | ", FileEncoding.Names)),
        },
        "files" => this with { Files = new TablePattern(value) },
        "types" => this with { Types = FileTypes.Parse(value) },
        "compression" => this with { IsPacked = OneOf(CompressionSpec, value) == "gzip" },
        "line_end" => this with { HasReturns = OneOf(LineEndSpec, value) == "crlf" },
        _ => this with { Key = Names(name, value) },
    };

    /// <summary>The same for a target, which writes what the options read.</summary>
    /// <exception cref="PawlException"><see cref="Codes.OptionUnknown"/> or <see cref="Codes.OptionInvalid"/>.</exception>
    public static FilesOptions ParseTarget(Endpoint at)
    {
        var options = Parse(at);
        if (options.Encoding != FileEncoding.Utf8) throw Invalid("encoding", options.Encoding.Name, "utf-8, in which a target is written");
        if (options.Columns is not null)
        {
            throw Invalid(options.IsJson ? "columns" : "header", string.Join(',', options.Columns ?? []),
                "no names: a target has its table's");
        }
        var name = "part-0" + (options.IsJson ? ".jsonl" : ".csv");
        if (!options.Files.Matches(name)) throw Invalid("files", options.Files.Text, $"a pattern that finds {name}");
        // Numbers, dates and intervals are written without looking for them.
        foreach (var (option, letter) in new[] { ("delimiter", options.Delimiter), ("quote", options.Quote), ("escape", options.Escape) })
        {
            if (letter != 0 && (char.IsAsciiLetterOrDigit((char)letter) || "+-.: ".Contains((char)letter)))
            {
                throw Invalid(option, ((char)letter).ToString(), "a character that no number and no date holds");
            }
        }
        var nothing = System.Text.Encoding.UTF8.GetString(options.Null);
        if (nothing.AsSpan().ContainsAny("\r\n") || nothing.Contains((char)options.Delimiter)
            || (options.Quote != 0 && nothing.StartsWith((char)options.Quote)))
        {
            throw Invalid("null", nothing, "a text without delimiter, quote and line end");
        }
        return options;
    }

    private static string OneOf(OptionSpec option, string value) =>
        option.Allowed!.Contains(value) ? value : throw Invalid(option.Name, value, string.Join(" | ", option.Allowed!));

    private FilesOptions Checked()
    {
        if (IsJson) return this;
        byte[] letters = [Delimiter, .. Quote == 0 ? [] : new[] { Quote }];
        if (letters.Distinct().Count() < letters.Length || Escape == Delimiter)
        {
            throw Invalid("delimiter", ((char)Delimiter).ToString(), "another character than quote and escape");
        }
        return this with { Escape = Escape == Quote ? (byte)0 : Escape };
    }

    private static byte Letter(string option, string value) => value.Length == 1 && value[0] is '\t' or (>= ' ' and < '\x7f')
        ? (byte)value[0] : throw Invalid(option, value, "one ASCII character");

    private static string[] Names(string option, string value)
    {
        var names = value.Split(',');
        if (names.Any(n => n.Length == 0)) throw Invalid(option, value, "names, separated by commas");
        if (names.Distinct().Count() < names.Length) throw Invalid(option, value, "each name once");
        return names;
    }

    public static PawlException Invalid(string option, string value, string expected) =>
        new(Fault.Configuration, Codes.OptionInvalid, ("option", option), ("value", value), ("expected", expected));
}
