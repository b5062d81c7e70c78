namespace Pawl.Jobs;

/// <summary>
/// The <c>reason</c> of a <see cref="JobProblem"/>: a word for what exactly is wrong where one code covers several things.
/// </summary>
public static class JobReasons
{
    // the file
    public const string TooLarge = "too_large";
    public const string Encoding = "encoding";
    public const string ControlCharacter = "control_character";
    public const string Yaml = "yaml";
    public const string Tab = "tab";
    public const string Brackets = "brackets";
    public const string Alias = "alias";
    public const string Anchor = "anchor";
    public const string Tag = "tag";
    public const string Directive = "directive";
    public const string SecondDocument = "second_document";
    public const string Empty = "empty";
    public const string TooDeep = "too_deep";
    public const string TooMany = "too_many";
    public const string KeyNotText = "key_not_text";
    public const string DuplicateKey = "duplicate_key";

    // values
    public const string Type = "type";
    public const string Range = "range";
    public const string Unit = "unit";
    public const string Choice = "choice";
    public const string TooLong = "too_long";
    public const string Placeholder = "placeholder";
    public const string PlaceholderHere = "placeholder_here";
    public const string DuplicateItem = "duplicate_item";
    public const string ColumnConflict = "column_conflict";
    public const string TargetTemplate = "target_template";
    public const string SourceTemplate = "source_template";
    public const string NeedsSourceColumn = "needs_source_column";
    public const string RangeOrder = "range_order";
    public const string NeedsIncremental = "needs_incremental";
    public const string NeedsReplace = "needs_replace";
    public const string NeedsSnapshot = "needs_snapshot";
    public const string NeedsCursor = "needs_cursor";
    public const string Zone = "zone";

    // secrets
    public const string NotSet = "not_set";
    public const string FileAbsent = "file_absent";
    public const string FileUnreadable = "file_unreadable";

    // URLs
    public const string NoScheme = "no_scheme";
    public const string NoPath = "no_path";
    public const string Host = "host";
    public const string Port = "port";
    public const string Percent = "percent";
    public const string AtSign = "at_sign";
    public const string NoValue = "no_value";
    public const string DuplicateOption = "duplicate_option";
}
