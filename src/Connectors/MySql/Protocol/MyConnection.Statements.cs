using System.Buffers.Binary;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>A prepared statement of one session. It ends with it, or by <see cref="MyConnection.Forget"/>.</summary>
/// <param name="Id">The server's number of it.</param>
/// <param name="Parameters">Question marks.</param>
/// <param name="Columns">Of its rows; 0 = it has none.</param>
internal sealed record MyStatement(uint Id, int Parameters, int Columns);

/// <summary>
/// Prepared statements. Their rows come in binary form, which costs the server less than text, and a reader less still; and where the
/// server can (MariaDB), one statement takes many rows in that form.
/// https://mariadb.com/kb/en/3-binary-protocol-prepared-statements/
/// </summary>
internal sealed partial class MyConnection
{
    private const byte Prepare = 0x16, Execute = 0x17, Close = 0x19, Bulk = 0xFA;

    /// <summary>Statements nobody wants any more: the server is told before the next command, for it does not answer.</summary>
    private readonly List<uint> forgotten = [];

    /// <summary>One statement may take many rows.</summary>
    public bool TakesBulk { get; }

    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask<MyStatement> PrepareAsync(string sql, CancellationToken ct)
    {
        await BeginAsync(Prepare, ct).ConfigureAwait(false);
        wire.PutText(sql);
        CheckSize();
        return await GuardAsync(async hard =>
        {
            await SendAsync(hard).ConfigureAwait(false);
            await wire.TakeAsync(hard).ConfigureAwait(false);
            var made = MyPackets.ParsePrepared(wire.Packet);
            // What the server says of the columns now is said again with the rows.
            if (made.Parameters > 0) await ColumnsAsync(made.Parameters, isKept: false, hard).ConfigureAwait(false);
            if (made.Columns > 0) await ColumnsAsync(made.Columns, isKept: false, hard).ConfigureAwait(false);
            return made;
        }, ct).ConfigureAwait(false);
    }

    /// <summary>The rows of a prepared statement without parameters, in binary form.</summary>
    /// <inheritdoc cref="QueryAsync"/>
    public async ValueTask<MyRows> QueryAsync(MyStatement statement, CancellationToken ct)
    {
        await BeginAsync(Execute, ct).ConfigureAwait(false);
        wire.PutUInt32(statement.Id);
        // No cursor; once.
        wire.Put((byte)0);
        wire.PutUInt32(1);
        return await QueryAsync(isBinary: true, Options.MostPacketBytes, ct).ConfigureAwait(false);
    }

    /// <summary>A prepared statement with many rows of parameters, all of them or none.</summary>
    /// <param name="rows">
    /// For each parameter its type and 0x80 if it is unsigned; then the rows: for each parameter 0 and the value, or 1 for NULL.
    /// </param>
    /// <returns>The counts; that all rows were taken as they are is the caller's to check.</returns>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask<MyOk> ExecuteAsync(MyStatement statement, ReadOnlyMemory<byte> rows, CancellationToken ct)
    {
        const ushort SaysTypes = 128;
        if (!TakesBulk) throw new InvalidOperationException("the server takes one row at a time");
        await BeginAsync(Bulk, ct).ConfigureAwait(false);
        wire.PutUInt32(statement.Id);
        BinaryPrimitives.WriteUInt16LittleEndian(wire.GetSpan(2), SaysTypes);
        wire.Advance(2);
        wire.Put(rows.Span);
        return await ExecuteAsync(ct).ConfigureAwait(false);
    }

    /// <summary>The statement is of no use any more. Sends nothing, throws nothing.</summary>
    public void Forget(MyStatement statement) => forgotten.Add(statement.Id);

    private async ValueTask ForgetAsync(CancellationToken ct)
    {
        foreach (var id in forgotten)
        {
            wire.Begin();
            wire.Put(Close);
            wire.PutUInt32(id);
            await SendAsync(ct).ConfigureAwait(false);
        }
        forgotten.Clear();
    }
}
