using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Conformance;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Tests.Files;

/// <summary>The shared suites, one line each.</summary>
public sealed class CsvSource_Conformance : FilesSource_Conformance
{
    protected override ISourceFixture Fixture => new FilesFixture("csv", "utf-8", isPacked: false);
}

public sealed class CsvGbkSource_Conformance : FilesSource_Conformance
{
    protected override ISourceFixture Fixture => new FilesFixture("csv", "gb18030", isPacked: false);
}

public sealed class CsvUtf16Source_Conformance : FilesSource_Conformance
{
    protected override ISourceFixture Fixture => new FilesFixture("csv", "utf-16be", isPacked: false);
}

public sealed class CsvGzipSource_Conformance : FilesSource_Conformance
{
    protected override ISourceFixture Fixture => new FilesFixture("csv", "utf-8", isPacked: true);
}

public sealed class JsonlSource_Conformance : FilesSource_Conformance
{
    protected override ISourceFixture Fixture => new FilesFixture("jsonl", "utf-8", isPacked: false);
}

public abstract class FilesSource_Conformance : SourceSuite
{
    protected abstract ISourceFixture Fixture { get; }
    protected override ValueTask<ISourceFixture> OpenAsync() => ValueTask.FromResult(Fixture);
    protected override Deviation? Conditions => new("files have no language for conditions");
}

public sealed class CsvSpec_Conformance : SpecSuite
{
    protected override Connector Connector { get; } = new CsvConnector();
    protected override Endpoint WithSecrets(string secret) => FilesFolder.At("in") with { Password = secret };
    protected override Endpoint Unreachable => FilesFolder.At(Path.Combine(Path.GetTempPath(), "no such folder", "in"));
}

public sealed class JsonlSpec_Conformance : SpecSuite
{
    protected override Connector Connector { get; } = new JsonlConnector();
    protected override Endpoint WithSecrets(string secret) => FilesFolder.At("in", "jsonl") with { Password = secret };
    protected override Endpoint Unreachable => FilesFolder.At(Path.Combine(Path.GetTempPath(), "no such folder", "in"), "jsonl");
}

/// <summary>A fresh folder per test, a file per table, written by hand.</summary>
internal sealed class FilesFixture(string scheme, string encoding, bool isPacked) : ISourceFixture
{
    private readonly FilesFolder folder = new();
    private string odd = "";

    public async ValueTask<ISource> OpenAsync() => await folder.OpenAsync(scheme, ("encoding", encoding), ("key", "shop,number"),
        ("types", $"id:bigint,number:bigint,amount:double,body:bytes{odd}"));

    public ValueTask<TableName> CreateAsync(SampleTable table)
    {
        if (table.Columns.Any(c => c.Name == table.Name + " id")) odd = $",{table.Name} id:bigint";
        var text = new StringBuilder(scheme == "csv" ? string.Join(',', table.Columns.Select(c => Quoted(c.Name))) + "\r\n" : "");
        foreach (var row in table.Rows) text.Append(scheme == "csv" ? Csv(row) : Json(table, row));
        var decoder = FileEncoding.Find(encoding)!.Decoder ?? new UTF8Encoding(false);
        var bytes = decoder.GetBytes(text.ToString());
        var name = $"{table.Name}.{scheme}{(isPacked ? ".gz" : "")}";
        folder.Write(name, isPacked ? [.. FilesFolder.Gzip(bytes[..(bytes.Length / 2)]), .. FilesFolder.Gzip(bytes[(bytes.Length / 2)..])] : bytes);
        return ValueTask.FromResult(new TableName(null, table.Name));
    }

    public ValueTask DropAsync(TableName name)
    {
        File.Delete(Path.Combine(folder.Root, $"{name.Name}.{scheme}{(isPacked ? ".gz" : "")}"));
        return ValueTask.CompletedTask;
    }

    public ValueTask<ISourceFixture> AnotherAsync() =>
        ValueTask.FromResult<ISourceFixture>(new FilesFixture(scheme, encoding, isPacked));

    public string LessThan(string column, long value) => FormattableString.Invariant($"{column} < {value}");

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Csv(object?[] row) => string.Join(',', row.Select(cell => cell is string text ? Quoted(text) : Text(cell))) + "\r\n";

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Text(object? cell) => cell switch
    {
        null => "",
        byte[] bytes => "\\x" + Convert.ToHexStringLower(bytes),
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture)!,
    };

    private static string Json(SampleTable table, object?[] row)
    {
        var options = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        var members = table.Columns.Zip(row).Select(p => $"{JsonSerializer.Serialize(p.First.Name, options)}: "
            + (p.Second switch
            {
                null => "null",
                string or byte[] => JsonSerializer.Serialize(p.Second as string ?? Text(p.Second), options),
                _ => Text(p.Second),
            }));
        return $"{{{string.Join(", ", members)}}}\n";
    }
}
