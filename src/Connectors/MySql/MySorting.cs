using System.Globalization;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Where no index gives the order the server sorts, by no more of a value than max_sort_length (1024 bytes of what its collation makes of
/// it): values that are equal so far come in any order, and reading on after one of them would leave others out.
/// https://mariadb.com/kb/en/server-system-variables/#max_sort_length
/// </summary>
internal static class MySorting
{
    /// <summary>The most that the setting takes.</summary>
    private const long Most = 8 << 20;

    /// <summary>Bytes that a collation makes of one character, at most; and what a value may have beside its characters.</summary>
    private const int PerCharacter = 64, Beside = 64;

    /// <summary>MariaDB sorts nothing if not fifteen rows fit into its buffer; a row may have some columns beside the key.</summary>
    private const long RowsInBuffer = 16, RowBytes = 64 << 10;

    /// <summary>Lets a session sort by whole keys. Nothing where they are short.</summary>
    public static async ValueTask PrepareAsync(MyConnection connection, MyShape shape, CancellationToken ct)
    {
        if (Settings(shape) is { } settings) await connection.ExecuteAsync(settings, ct).ConfigureAwait(false);
    }

    /// <summary>The statement that does so; null = none is needed.</summary>
    public static string? Settings(MyShape shape)
    {
        long[] lengths = [.. shape.Key.Select(p => Length(p, shape.Column(p.Column)))];
        if (lengths.Max() <= MySetup.SortLength) return null;
        // The buffer is taken as rows come, not at once.
        return string.Create(CultureInfo.InvariantCulture, $"set max_sort_length = {lengths.Max()}, sort_buffer_size = "
            + $"greatest(@@global.sort_buffer_size, {RowsInBuffer * (lengths.Sum() + RowBytes)})");
    }

    private static long Length(MyKeyPart part, MyTableColumn column) => part.Kind switch
    {
        MyKeyKind.Text => Math.Min(Most, column.Length * PerCharacter + Beside),
        MyKeyKind.Bytes => Math.Min(Most, column.Length + Beside),
        _ => Beside,
    };
}
