using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Files;

/// <summary>
/// The control tables of a target folder as a file that only grows: a line a transaction, its checksum first. A line counts when it is
/// whole; what a crash left of the last one is cut off. Rewritten and renamed when most of it is history. Used only inside the folder's
/// gate (<see cref="FilesGate"/>); blocking.
/// </summary>
internal sealed class FilesJournal(string path) : IDisposable
{
    private const string First = "pawl journal 1\n";
    private const int HashDigits = 16, RowsALine = 500;
    private const long SmallBytes = 1 << 20, Growth = 4;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private SafeFileHandle? file;
    private string? identity;
    private long end, compactBytes;
    private bool mustRewrite;

    public bool Exists => File.Exists(path);

    public ControlRows Rows { get; private set; } = new();

    /// <summary>An empty one, where there is none.</summary>
    public void Create()
    {
        if (!Exists) FilesDisk.WriteWhole(path, Encoding.ASCII.GetBytes(First));
    }

    /// <summary>Reads what has been added since, or everything where another file lies there.</summary>
    /// <exception cref="PawlException">It is gone, damaged, or of a newer format.</exception>
    public void CatchUp()
    {
        try
        {
            var there = FileStat.Of(path) ?? throw new FileNotFoundException(null, path);
            if (file is null || there.Identity != identity || there.Size < end) Open();
            Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Forget();
            throw FilesFaults.Classify(e, path);
        }
        catch (PawlException)
        {
            Forget();
            throw;
        }
    }

    /// <summary>Makes a transaction durable.</summary>
    /// <exception cref="CommitUnknownException">It may or may not be.</exception>
    /// <exception cref="IOException">It is not.</exception>
    public void Append(IReadOnlyCollection<ControlEdit> edits)
    {
        if (edits.Count == 0) return;
        if (mustRewrite || end > SmallBytes && end > Growth * compactBytes) Rewrite();
        var line = Line(edits.Select(e => (e.Table, e.Before, e.After)));
        try
        {
            RandomAccess.Write(file!, line, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Cut();
            throw;
        }
        try
        {
            RandomAccess.FlushToDisk(file!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What the system says of this file from now on is not to be believed: nothing more is added to it.
            Cut();
            Forget();
            mustRewrite = true;
            throw new CommitUnknownException(e, ("file", path), ("cause", e.Message));
        }
        end += line.Length;
        foreach (var edit in edits) Rows.Set(edit.Table, edit.Key, edit.After);
    }

    public void Dispose() => Forget();

    private void Open()
    {
        Forget();
        file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        identity = FileStat.Of(file, path)!.Identity;
    }

    private void Forget()
    {
        file?.Dispose();
        (file, identity, end, Rows) = (null, null, 0, new ControlRows());
    }

    private void Read()
    {
        var length = RandomAccess.GetLength(file!);
        if (length == end) return;
        var bytes = new byte[checked((int)(length - end))];
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(file!, bytes.AsSpan(read), end + read);
            read += more > 0 ? more : throw new EndOfStreamException(path);
        }
        var rest = bytes.AsSpan();
        if (end == 0) rest = rest[Header(rest)..];
        while (rest.Length > 0)
        {
            var line = rest.IndexOf((byte)'\n');
            if (line < 0 || !IsWhole(rest[..line]))
            {
                if (line >= 0 && line < rest.Length - 1)
                {
                    throw FilesFaults.Inconsistent(path, FormattableString.Invariant($"the line at byte {end} is damaged"));
                }
                // Half of a transaction that was never acknowledged.
                RandomAccess.SetLength(file!, end);
                return;
            }
            Apply(rest[(HashDigits + 1)..line]);
            rest = rest[(line + 1)..];
            end += line + 1;
        }
        if (compactBytes == 0) compactBytes = end;
    }

    private int Header(ReadOnlySpan<byte> bytes)
    {
        var first = Encoding.ASCII.GetBytes(First);
        if (!bytes.StartsWith(first))
        {
            var isNewer = bytes.StartsWith("pawl journal "u8) && bytes.Contains((byte)'\n');
            throw isNewer ? new PawlException(Fault.PositionLost, Codes.FormatTooNew, ("file", path), ("has", 1),
                    ("needs", Encoding.ASCII.GetString(bytes["pawl journal ".Length..bytes.IndexOf((byte)'\n')])))
                : FilesFaults.Inconsistent(path, "it does not begin as a journal does");
        }
        end = first.Length;
        return first.Length;
    }

    private static bool IsWhole(ReadOnlySpan<byte> line)
    {
        if (line.Length <= HashDigits || line[HashDigits] != ' ') return false;
        Span<byte> digits = stackalloc byte[HashDigits];
        Hash(line[(HashDigits + 1)..], digits);
        return line[..HashDigits].SequenceEqual(digits);
    }

    private static void Hash(ReadOnlySpan<byte> text, Span<byte> digits)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(text, hash);
        Convert.TryToHexStringLower(hash[..(HashDigits / 2)], digits, out _);
    }

    /// <summary>
    /// <c>hash [["pawl_lane",[…]],["pawl_ledger",null,["job","lane",7]]]</c>: a row as it is now, or the key of one that is gone.
    /// </summary>
    private static byte[] Line(IEnumerable<(ControlTable Table, object?[]? Before, object?[]? After)> edits)
    {
        var text = new ArrayBufferWriter<byte>();
        text.GetSpan(HashDigits + 1)[HashDigits] = (byte)' ';
        text.Advance(HashDigits + 1);
        using (var json = new Utf8JsonWriter(text, Plain))
        {
            json.WriteStartArray();
            foreach (var (table, before, after) in edits)
            {
                if (before is null && after is null) continue;
                json.WriteStartArray();
                json.WriteStringValue(table.Name);
                if (after is not null) Values(json, after);
                else
                {
                    json.WriteNullValue();
                    Values(json, table.Key.Select(column => before![ControlRows.At(table, column)]));
                }
                json.WriteEndArray();
            }
            json.WriteEndArray();
        }
        text.GetSpan(1)[0] = (byte)'\n';
        text.Advance(1);
        var line = text.WrittenSpan.ToArray();
        Hash(line.AsSpan((HashDigits + 1)..^1), line.AsSpan(0, HashDigits));
        return line;
    }

    private static void Values(Utf8JsonWriter json, IEnumerable<object?> values)
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            if (value is null) json.WriteNullValue();
            else if (value is long number) json.WriteNumberValue(number);
            else json.WriteStringValue((string)value);
        }
        json.WriteEndArray();
    }

    private void Apply(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        using var document = JsonDocument.ParseValue(ref reader);
        foreach (var edit in document.RootElement.EnumerateArray())
        {
            var name = edit[0].GetString()!;
            var table = ControlRows.Named(name) ?? throw FilesFaults.Inconsistent(path, $"a table that is not known: {name}");
            if (edit[1].ValueKind == JsonValueKind.Null)
            {
                Rows.Set(table, ControlRows.Key(Values(edit[2])), null);
                continue;
            }
            var row = Values(edit[1]);
            if (row.Length != table.Columns.Count) throw FilesFaults.Inconsistent(path, $"a row of another shape: {name}");
            Rows.Set(table, ControlRows.KeyOf(table, row), row);
        }
    }

    private static object?[] Values(JsonElement values) => [.. values.EnumerateArray().Select(object? (value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Number => value.GetInt64(),
        _ => value.GetString(),
    })];

    /// <summary>What was only half added goes again; if that fails too, whoever reads next cuts it off.</summary>
    private void Cut()
    {
        try
        {
            RandomAccess.SetLength(file!, end);
        }
        catch (IOException)
        {
            // A whole line that stays is a transaction that happened, and whoever asks is told that nobody knows.
            Forget();
            mustRewrite = true;
        }
    }

    private void Rewrite()
    {
        using var content = new MemoryStream();
        content.Write(Encoding.ASCII.GetBytes(First));
        foreach (var table in ControlRows.Tables)
        {
            foreach (var rows in Rows.Of(table).Values.Chunk(RowsALine))
            {
                content.Write(Line(rows.Select(row => (table, (object?[]?)null, (object?[]?)row))));
            }
        }
        FilesDisk.WriteWhole(path, content.GetBuffer().AsSpan(0, (int)content.Length));
        Open();
        Read();
        (mustRewrite, compactBytes) = (false, end);
    }
}
