using System.Text;
using Pawl.Model;
using static Pawl.Connectors.Sqlite.SqliteNative;

namespace Pawl.Connectors.Sqlite;

/// <summary>A prepared statement. Parameters are 1-based, columns 0-based. Not thread-safe; one caller at a time.</summary>
internal sealed unsafe class SqliteStatement : IDisposable
{
    private readonly SqliteFile file;
    private nint handle;

    public SqliteStatement(SqliteFile file, nint handle, string sql)
    {
        this.file = file;
        this.handle = handle;
        Sql = sql;
    }

    public string Sql { get; }
    public nint Handle => handle;
    public int Columns => ColumnCount(handle);

    /// <summary>Binds null, long, double, text or bytes; text and bytes are copied.</summary>
    public SqliteStatement Bind(int parameter, object? value)
    {
        var code = value switch
        {
            null => BindNull(handle, parameter),
            long number => BindInt64(handle, parameter, number),
            int number => BindInt64(handle, parameter, number),
            double number => BindDouble(handle, parameter, number),
            string text => BindUtf8(parameter, Encoding.UTF8.GetBytes(text)),
            byte[] bytes => BindBytes(parameter, bytes),
            Utf8 text => BindUtf8(parameter, text.Bytes),
            _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("value", value.GetType().Name)),
        };
        if (code != Ok) throw file.Error(code, Sql);
        return this;
    }

    public SqliteStatement BindAll(IReadOnlyList<object?> values)
    {
        for (var i = 0; i < values.Count; i++) Bind(i + 1, values[i]);
        return this;
    }

    /// <summary>True: a row is there. False: done.</summary>
    public bool Step()
    {
        var code = SqliteNative.Step(handle);
        return code switch
        {
            Row => true,
            Done => false,
            _ => throw file.Error(code, Sql),
        };
    }

    public void Reset()
    {
        // The code repeats what the last step already reported.
        _ = SqliteNative.Reset(handle);
        _ = ClearBindings(handle);
    }

    public int Type(int column) => ColumnType(handle, column);
    public long Int64(int column) => ColumnInt64(handle, column);
    public double Double(int column) => ColumnDouble(handle, column);

    public string Text(int column)
    {
        var text = ColumnText(handle, column);
        return text is null ? "" : Encoding.UTF8.GetString(text, ColumnBytes(handle, column));
    }

    public string? TextOrNull(int column) => Type(column) == TypeNull ? null : Text(column);

    public byte[] Bytes(int column)
    {
        var bytes = ColumnBlob(handle, column);
        return bytes is null ? [] : new ReadOnlySpan<byte>(bytes, ColumnBytes(handle, column)).ToArray();
    }

    /// <summary>The UTF-8 bytes of a text cell, valid or not.</summary>
    public byte[] TextBytes(int column)
    {
        var bytes = ColumnText(handle, column);
        return bytes is null ? [] : new ReadOnlySpan<byte>(bytes, ColumnBytes(handle, column)).ToArray();
    }

    public void Dispose()
    {
        if (handle == 0) return;
        _ = FinalizeStatement(handle);
        handle = 0;
        file.Forget(this);
    }

    private int BindUtf8(int parameter, byte[] bytes)
    {
        fixed (byte* at = bytes)
        {
            byte nothing = 0;
            return BindTextCopied(handle, parameter, bytes.Length == 0 ? &nothing : at, bytes.Length, Transient);
        }
    }

    private int BindBytes(int parameter, byte[] bytes)
    {
        fixed (byte* at = bytes)
        {
            byte nothing = 0;
            return BindBlobCopied(handle, parameter, bytes.Length == 0 ? &nothing : at, bytes.Length, Transient);
        }
    }
}

/// <summary>Text whose bytes may not be valid UTF-8.</summary>
internal sealed record Utf8(byte[] Bytes);
