using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>The packets that answer a command. https://mariadb.com/kb/en/4-server-response-packets/</summary>
internal static class MyPackets
{
    public const byte Ok = 0x00, More = 0x01, LocalInfile = 0xFB, End = 0xFE, Error = 0xFF;

    /// <summary>As many columns as a server allows in a select.</summary>
    public const int MostColumns = 4096;

    /// <summary>More than the definitions of so many columns have, with the longest names in each of them.</summary>
    public const int MostDefinitionBytes = 16 << 20;

    private const int OldEndBytes = 9;

    /// <summary>Longer than anything a server says of itself; a name of 64 characters repeated six times is shorter too.</summary>
    private const int MostMessage = 4096;

    /// <summary>The packet that ends rows. A row may begin with 0xFE as well, but only if it has 16 MB.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> packet, bool deprecatesEof) =>
        packet.Length > 0 && packet[0] == End && packet.Length < (deprecatesEof ? MyWire.MostFragment : OldEndBytes);

    public static MyOk ParseOk(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        if (reader.Byte() is not (Ok or End)) throw new MyProtocolException($"0x{packet[0]:X2} where OK was expected");
        var affected = reader.Number();
        if (affected > long.MaxValue) throw new MyProtocolException($"{affected} rows affected");
        var last = reader.Number();
        var status = (MyStatus)reader.UInt16();
        var warnings = reader.UInt16();
        // MySQL puts the length of the words in front of them only within session tracking, which is never asked for.
        return Checked(new MyOk
        {
            AffectedRows = (long)affected, LastInsertId = last, Status = status, Warnings = warnings, Info = Text(reader.Rest()),
        });
    }

    /// <summary>The old form of the end: warnings, status.</summary>
    public static MyOk ParseOldEnd(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        if (reader.Byte() != End) throw new MyProtocolException($"0x{packet[0]:X2} where the end was expected");
        var warnings = reader.UInt16();
        return Checked(new MyOk { Warnings = warnings, Status = (MyStatus)reader.UInt16(), Info = "" });
    }

    public static MyServerException ParseError(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        if (reader.Byte() != Error) throw new MyProtocolException($"0x{packet[0]:X2} where an error was expected");
        var number = reader.UInt16();
        var state = "HY000";
        // Before the login is through there is no SQLSTATE.
        if (reader.Left >= 6 && reader.Peek == (byte)'#')
        {
            reader.Skip(1);
            state = Encoding.Latin1.GetString(reader.Take(5));
        }
        return new MyServerException(number, state, Text(reader.Rest()));
    }

    public static MyColumn ParseColumn(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        reader.Counted();
        var database = reader.CountedText();
        var table = reader.CountedText();
        var originalTable = reader.CountedText();
        var name = reader.CountedText();
        var originalName = reader.CountedText();
        var fixedPart = new MyReader(reader.Counted());
        var collation = fixedPart.UInt16();
        var length = fixedPart.UInt32();
        var type = (MyType)fixedPart.Byte();
        var flags = (MyFlags)fixedPart.UInt16();
        return new MyColumn(name, originalName, table, originalTable, database, type, flags, collation, length, fixedPart.Byte());
    }

    /// <summary>The answer to a statement that was prepared; its parameters and columns follow.</summary>
    public static MyStatement ParsePrepared(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        if (reader.Peek == Error) throw ParseError(packet);
        if (reader.Byte() != Ok) throw new MyProtocolException($"0x{packet[0]:X2} where a prepared statement was expected");
        var id = reader.UInt32();
        var columns = reader.UInt16();
        var parameters = reader.UInt16();
        return columns <= MostColumns ? new MyStatement(id, parameters, columns) : throw new MyProtocolException($"{columns} columns");
    }

    /// <summary>Nothing that would not be asked for can be shown: several results come only with capabilities that are never set.</summary>
    private static MyOk Checked(MyOk ok) => ok.Status.HasFlag(MyStatus.MoreResults)
        ? throw new MyProtocolException("a second result, which was not asked for") : ok;

    private static string Text(ReadOnlySpan<byte> bytes) =>
        Encoding.UTF8.GetString(bytes.Length <= MostMessage ? bytes : bytes[..MostMessage]);
}
