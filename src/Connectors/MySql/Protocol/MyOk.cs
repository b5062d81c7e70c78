namespace Pawl.Connectors.MySql.Protocol;

/// <summary>State of a session as the server reports it with every answer.</summary>
[Flags]
internal enum MyStatus : ushort
{
    None = 0,
    InTransaction = 0x0001,
    AutoCommit = 0x0002,
    MoreResults = 0x0008,
    NoGoodIndexUsed = 0x0010,
    NoIndexUsed = 0x0020,
    CursorExists = 0x0040,
    LastRowSent = 0x0080,
    DatabaseDropped = 0x0100,
    NoBackslashEscapes = 0x0200,
    MetadataChanged = 0x0400,
    QueryWasSlow = 0x0800,
    OutParameters = 0x1000,
    InTransactionReadOnly = 0x2000,
    SessionStateChanged = 0x4000,
}

/// <summary>
/// The answer to a statement that has no rows. The counts of <see cref="Info"/> are null when the server gave none; sessions are set
/// to English, so they are found by their names.
/// </summary>
internal readonly record struct MyOk
{
    /// <summary>Rows changed (not: matched).</summary>
    public long AffectedRows { get; init; }
    /// <summary>First AUTO_INCREMENT value; 0 = none.</summary>
    public ulong LastInsertId { get; init; }
    public MyStatus Status { get; init; }
    /// <summary>Warnings, at most 65535.</summary>
    public int Warnings { get; init; }
    /// <summary>E.g. <c>Records: 3  Deleted: 0  Skipped: 0  Warnings: 0</c>.</summary>
    public string Info { get; init; }
    /// <summary>Of LOAD DATA and INSERT of several rows.</summary>
    public long? Records => Number("Records");
    /// <summary>Of INSERT of several rows, and ALTER.</summary>
    public long? Duplicates => Number("Duplicates");
    /// <summary>Of LOAD DATA.</summary>
    public long? Deleted => Number("Deleted");
    /// <summary>Of LOAD DATA.</summary>
    public long? Skipped => Number("Skipped");
    /// <summary>Of UPDATE.</summary>
    public long? Matched => Number("Rows matched");
    /// <summary>Of UPDATE.</summary>
    public long? Changed => Number("Changed");
    /// <summary>Warnings as <see cref="Info"/> counts them.</summary>
    public long? InfoWarnings => Number("Warnings");

    private long? Number(string name)
    {
        if (string.IsNullOrEmpty(Info)) return null;
        var at = Info.IndexOf(name + ": ", StringComparison.Ordinal);
        if (at < 0) return null;
        var digits = Info.AsSpan(at + name.Length + 2);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return long.TryParse(end < 0 ? digits : digits[..end], out var number) ? number : null;
    }
}
