using System.Buffers.Binary;
using System.Text;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A COPY … TO STDOUT read straight from the connection's stream. The server sends one message a row, and the driver hands out one message
/// a call, which costs more than decoding the row; here a whole buffer of messages is taken apart at once. Login, TLS and everything
/// before and after the COPY stay the driver's: it is idle meanwhile, with nothing in its buffers. One caller at a time.
/// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
/// </summary>
internal sealed class PgCopyOut
{
    private const int BufferBytes = 128 * 1024, HeadBytes = 5, MostBytes = 16 << 20;

    private readonly Stream stream;
    private readonly byte[] buffer = new byte[BufferBytes];
    private int at;
    private int end;
    private int left;
    private bool isOver;
    private PgSocket? socket;

    private PgCopyOut(Stream stream) => this.stream = stream;

    /// <param name="connection">Open and idle. Until the end of the COPY nobody else uses it; if that is not reached it is closed.</param>
    /// <exception cref="PostgresException">The server refuses.</exception>
    public static async ValueTask<PgCopyOut> BeginAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        var copy = new PgCopyOut(PgDriver.Idle(connection));
        var text = Encoding.UTF8.GetBytes(sql);
        var query = new byte[checked(text.Length + HeadBytes + 1)];
        query[0] = (byte)'Q';
        BinaryPrimitives.WriteInt32BigEndian(query.AsSpan(1), query.Length - 1);
        text.CopyTo(query, HeadBytes);
        await copy.stream.WriteAsync(query, ct).ConfigureAwait(false);
        await copy.stream.FlushAsync(ct).ConfigureAwait(false);
        while (!await copy.MessageAsync(ct).ConfigureAwait(false)) continue;
        return copy;
    }

    /// <summary>From here on <see cref="Fill"/> may be called, which costs far less; false = that cannot be done.</summary>
    public bool TakeSocket() => !isOver && (socket ??= PgSocket.Take(stream)) is not null;

    /// <summary>Undoes <see cref="TakeSocket"/>. Called by who reads, before anybody else uses the connection.</summary>
    public void GiveSocketBack()
    {
        var taken = socket;
        socket = null;
        taken?.GiveBack();
    }

    public bool HasSocket => socket is not null;

    /// <summary>
    /// The next bytes of the rows, by a thread that may wait, as many as there is room for; fewer only before a message that is no row:
    /// <see cref="ReadAsync"/> takes that, and has given the socket back then.
    /// </summary>
    public int Fill(Span<byte> into, CancellationToken ct)
    {
        var given = 0;
        while (true)
        {
            given += Unpack(into[given..]);
            if (given == into.Length || IsAtOther) return given;
            MakeRoom();
            Took(socket!.Read(buffer.AsSpan(end), ct));
        }
    }

    private bool IsAtOther => left == 0 && end - at >= HeadBytes && buffer[at] != (byte)'d';

    /// <summary>The next bytes of the rows; 0 = there are no more, and the connection is the driver's again.</summary>
    /// <exception cref="PostgresException">The server ended the COPY; the connection is good for nothing but closing.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken ct)
    {
        GiveSocketBack();
        var given = 0;
        while (!isOver)
        {
            given += Unpack(into.Span[given..]);
            if (given == into.Length) return given;
            if (IsAtOther)
            {
                await MessageAsync(ct).ConfigureAwait(false);
                continue;
            }
            if (given > 0) return given;
            await FillAsync(ct).ConfigureAwait(false);
        }
        return given;
    }

    /// <summary>Takes rows out of their messages as far as they go, or there is room.</summary>
    private int Unpack(Span<byte> into)
    {
        var given = 0;
        var (from, to, rest) = (at, end, left);
        while (given < into.Length)
        {
            if (rest == 0)
            {
                if (to - from < HeadBytes || buffer[from] != (byte)'d') break;
                rest = Length(from) - 4;
                from += HeadBytes;
            }
            var piece = Math.Min(Math.Min(rest, to - from), into.Length - given);
            if (piece == 0 && rest > 0) break;
            buffer.AsSpan(from, piece).CopyTo(into[given..]);
            given += piece;
            from += piece;
            rest -= piece;
        }
        (at, left) = (from, rest);
        return given;
    }

    /// <summary>Looks at one message that is no row.</summary>
    /// <returns>True for the one that says that rows follow.</returns>
    private async ValueTask<bool> MessageAsync(CancellationToken ct)
    {
        while (end - at < HeadBytes) await FillAsync(ct).ConfigureAwait(false);
        var kind = (char)buffer[at];
        var length = Length(at) + 1;
        // Those before and after the rows are short; an error's texts are what the server may make long.
        if (length > MostBytes) throw Unlikely(length);
        var message = new byte[length];
        for (var have = 0; have < length;)
        {
            if (end == at) await FillAsync(ct).ConfigureAwait(false);
            var piece = Math.Min(length - have, end - at);
            buffer.AsSpan(at, piece).CopyTo(message.AsSpan(have));
            at += piece;
            have += piece;
        }
        switch (kind)
        {
            case 'H':
                return true;
            case 'E':
                throw Error(message.AsSpan(HeadBytes));
            case 'Z':
                isOver = true;
                return false;
            // Copy done, command complete, a notice, a parameter, a notification.
            case 'c' or 'C' or 'N' or 'S' or 'A':
                return false;
            default:
                throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "a message in a COPY"), ("kind", kind));
        }
    }

    private async ValueTask FillAsync(CancellationToken ct)
    {
        MakeRoom();
        Took(await stream.ReadAsync(buffer.AsMemory(end), ct).ConfigureAwait(false));
    }

    private void MakeRoom()
    {
        if (at == end) at = end = 0;
        else if (end == buffer.Length || end - at < HeadBytes)
        {
            buffer.AsSpan(at, end - at).CopyTo(buffer);
            (at, end) = (0, end - at);
        }
    }

    private void Took(int read)
    {
        if (read == 0) throw new EndOfStreamException("the server closed the connection");
        end += read;
    }

    private int Length(int place)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(place + 1));
        if (length >= 4 && length < int.MaxValue - 8) return length;
        throw Unlikely(length);
    }

    private static PawlException Unlikely(int length) =>
        new(Fault.Bug, Codes.ContractBroken, ("what", "a message's length"), ("length", length));

    /// <summary>Fields of a letter and a text each, ended by zeros.</summary>
    private static PostgresException Error(ReadOnlySpan<byte> fields)
    {
        var texts = new Dictionary<char, string>();
        while (fields.Length > 0 && fields[0] != 0)
        {
            var length = fields[1..].IndexOf((byte)0);
            if (length < 0) break;
            texts[(char)fields[0]] = Encoding.UTF8.GetString(fields.Slice(1, length));
            fields = fields[(length + 2)..];
        }
        string? Of(char field) => texts.GetValueOrDefault(field);
        return new PostgresException(Of('M') ?? "", Of('S') ?? "", Of('V') ?? Of('S') ?? "", Of('C') ?? "", detail: Of('D'), hint: Of('H'),
            where: Of('W'), schemaName: Of('s'), tableName: Of('t'), columnName: Of('c'), dataTypeName: Of('d'), constraintName: Of('n'));
    }
}
