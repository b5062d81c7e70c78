using System.Runtime.InteropServices;
using System.Text;
using Pawl.Model;
using static Pawl.Connectors.Sqlite.SqliteNative;

namespace Pawl.Connectors.Sqlite;

internal enum SqliteAccess { Read, Write, Create }

/// <summary>
/// One open connection to a database file. One caller at a time, from any thread; <see cref="Interrupt"/> alone may come from another
/// thread at any moment. Statements still open when it is disposed are finalised with it.
/// </summary>
internal sealed unsafe class SqliteFile : IDisposable
{
    private readonly HashSet<SqliteStatement> statements = [];
    private readonly Lock gate = new();
    private nint handle;

    private SqliteFile(string path, nint handle)
    {
        Path = path;
        this.handle = handle;
    }

    public string Path { get; }
    public bool InTransaction => handle != 0 && AutoCommit(handle) == 0;
    public long LastChanges => Changes(Open());

    /// <param name="path">Absolute.</param>
    /// <exception cref="PawlException">The file is missing, a directory, out of reach, or no database.</exception>
    public static SqliteFile Open(string path, SqliteAccess access, TimeSpan busy)
    {
        CheckPath(path, access);
        return Open(path, path, access, access switch
        {
            SqliteAccess.Read => OpenReadOnly,
            SqliteAccess.Write => OpenReadWrite,
            _ => OpenReadWrite | OpenCreate,
        }, busy);
    }

    /// <summary>
    /// For a short look. A reader of a file with a write-ahead log makes log and index beside it and cannot take them away again; where
    /// there is no log, nobody has the file open and all of it is in the file itself, so it is read as one that does not change.
    /// https://www.sqlite.org/uri.html#uriimmutable
    /// </summary>
    /// <exception cref="PawlException">As <see cref="Open(string, SqliteAccess, TimeSpan)"/>.</exception>
    public static SqliteFile OpenToLook(string path, TimeSpan busy)
    {
        CheckPath(path, SqliteAccess.Read);
        if (!KeepsLog(path) || File.Exists(path + "-wal")) return Open(path, SqliteAccess.Read, busy);
        var name = path.Replace("%", "%25", StringComparison.Ordinal).Replace("?", "%3f", StringComparison.Ordinal)
            .Replace("#", "%23", StringComparison.Ordinal);
        return Open($"file:{name}?immutable=1", path, SqliteAccess.Read, OpenReadOnly | OpenUri, busy);
    }

    /// <summary>
    /// Its header says that it is written through a log. https://www.sqlite.org/fileformat.html#file_format_version_numbers
    /// </summary>
    public static bool KeepsLog(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> header = stackalloc byte[20];
            return stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && header[19] == 2;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Opening it will say so with its own error.
            return false;
        }
    }

    private static SqliteFile Open(string name, string path, SqliteAccess access, int flags, TimeSpan busy)
    {
        var code = SqliteNative.Open(name, out var handle, flags | OpenNoMutex | OpenExtendedCodes, 0);
        var file = new SqliteFile(path, handle);
        try
        {
            if (code != Ok) throw file.Error(code, "open");
            file.Wait(busy);
            // Foreign keys are not enforced while tables are filled one after another; the build's default is not relied on.
            file.Execute("pragma foreign_keys = off");
            if (access == SqliteAccess.Read) Recover(file, busy);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A writer that died in the middle leaves a journal which every reader has to undo first, and which one that opened the file for
    /// reading alone cannot. As any other program would, a connection that may write takes back what was never committed.
    /// https://www.sqlite.org/rescode.html#readonly_rollback
    /// </summary>
    private static void Recover(SqliteFile file, TimeSpan busy)
    {
        try
        {
            file.Number("pragma schema_version");
        }
        catch (PawlException e) when (e.Details.GetValueOrDefault("native") is "776" or "264")
        {
            using var writer = Open(file.Path, SqliteAccess.Write, busy);
            writer.Number("pragma schema_version");
        }
    }

    private static void CheckPath(string path, SqliteAccess access)
    {
        if (Directory.Exists(path)) throw new PawlException(Fault.Configuration, Codes.FileIsDirectory, ("file", path));
        if (File.Exists(path)) return;
        if (access != SqliteAccess.Create) throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", path));
        var folder = System.IO.Path.GetDirectoryName(path);
        if (string.IsNullOrEmpty(folder) || !Directory.Exists(folder))
        {
            throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", folder ?? path));
        }
    }

    /// <summary>
    /// A write-ahead log, so that readers and the heartbeat go on while a group is written. Where the file system has no shared memory
    /// SQLite stays with a rollback journal, which is as safe; likewise while somebody else holds the file in that mode.
    /// </summary>
    public void PreferLog()
    {
        if (Text("pragma journal_mode") == "wal") return;
        try
        {
            Text("pragma journal_mode = wal");
        }
        catch (PawlException e) when (e.Code == Codes.Busy)
        {
            // Somebody reads or writes it in the old mode just now; both modes keep every promise, so this is no reason to stop.
            Number("pragma schema_version");
        }
    }

    /// <summary>How long later statements wait for a lock.</summary>
    public void Wait(TimeSpan busy) => _ = BusyTimeout(Open(), (int)busy.TotalMilliseconds);

    public SqliteStatement Prepare(string sql, bool kept = false)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        fixed (byte* text = bytes)
        {
            var code = SqliteNative.Prepare(Open(), text, bytes.Length, kept ? PreparePersistent : 0, out var statement, out _);
            if (code != Ok) throw Error(code, sql);
            if (statement == 0) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("sql", sql));
            var prepared = new SqliteStatement(this, statement, sql);
            statements.Add(prepared);
            return prepared;
        }
    }

    public void Forget(SqliteStatement statement) => statements.Remove(statement);

    /// <summary>Runs one statement to its end and returns the rows it changed.</summary>
    public long Execute(string sql, params object?[] values)
    {
        using var statement = Prepare(sql);
        statement.BindAll(values);
        while (statement.Step()) { }
        return LastChanges;
    }

    public long Number(string sql, params object?[] values)
    {
        using var statement = Prepare(sql);
        statement.BindAll(values);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    public string? Text(string sql, params object?[] values)
    {
        using var statement = Prepare(sql);
        statement.BindAll(values);
        return statement.Step() ? statement.TextOrNull(0) : null;
    }

    public bool Any(string sql, params object?[] values)
    {
        using var statement = Prepare(sql);
        statement.BindAll(values);
        return statement.Step();
    }

    /// <summary>Collation of a column as declared: BINARY where nothing is said.</summary>
    public string Collation(string table, string column)
    {
        byte* type, collation;
        int notNull, primaryKey, autoIncrement;
        var code = ColumnMetadata(Open(), "main", table, column, &type, &collation, &notNull, &primaryKey, &autoIncrement);
        return code == Ok && collation is not null ? Marshal.PtrToStringUTF8((nint)collation)!.ToUpperInvariant() : "BINARY";
    }

    /// <summary>Whether the table's integer primary key never gives a number twice (AUTOINCREMENT).</summary>
    public bool AutoIncrements(string table, string column)
    {
        byte* type, collation;
        int notNull, primaryKey, autoIncrement;
        return ColumnMetadata(Open(), "main", table, column, &type, &collation, &notNull, &primaryKey, &autoIncrement) == Ok
            && autoIncrement != 0;
    }

    /// <summary>SQLite must not be handed a connection that was closed (a rollback that failed closes it).</summary>
    private nint Open() => handle != 0 ? handle : throw new PawlException(Fault.Transient, Codes.InputOutput, ("file", Path),
        ("cause", "closed"));

    /// <summary>Makes a running statement end early. Any thread.</summary>
    public void Interrupt()
    {
        lock (gate)
        {
            if (handle != 0) SqliteNative.Interrupt(handle);
        }
    }

    public PawlException Error(int code, string doing)
    {
        var extended = handle == 0 ? code : ExtendedError(handle);
        if ((extended & 0xFF) != (code & 0xFF)) extended = code;
        return SqliteFaults.Classify(extended, Message(code), this, doing);
    }

    public string Message(int code)
    {
        var text = handle == 0 ? ErrorText(code) : ErrorMessage(handle);
        return Marshal.PtrToStringUTF8((nint)text) ?? "";
    }

    public void Dispose()
    {
        foreach (var statement in statements.ToArray()) statement.Dispose();
        lock (gate)
        {
            if (handle == 0) return;
            _ = Close(handle);
            handle = 0;
        }
    }
}
