using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>
/// One session with a server: logged in, set to utf8mb4, UTC and a strict sql_mode, with results in the charset of their columns. One
/// caller at a time, one statement at a time; only <see cref="Cut"/> and <see cref="KillQueryAsync"/> may come from elsewhere.
/// A cancelled call has its statement killed by a second connection; if the server confirms within some seconds the session goes on, else
/// it <see cref="IsBroken"/>. Either way <see cref="OperationCanceledException"/> is thrown, unless the statement was through before.
/// </summary>
internal sealed partial class MyConnection : IAsyncDisposable
{
    private const byte Quit = 0x01, Query = 0x03, Ping = 0x0E, Reset = 0x1F;

    /// <summary>Bytes of a load that are gathered before they are sent, and the most in one packet.</summary>
    private const int LoadBytes = 256 << 10;

    /// <summary>Bytes of rows nobody wants that are read rather than killed: a kill costs a login.</summary>
    private const int LittleBytes = 1 << 20;

    /// <summary>How long such rows may take; how long a killed statement may; how long anybody says goodbye.</summary>
    private static readonly TimeSpan LittleTime = TimeSpan.FromMilliseconds(200), Grace = TimeSpan.FromSeconds(5),
        Farewell = TimeSpan.FromSeconds(1), KillTime = TimeSpan.FromSeconds(10);

    private readonly MyWire wire;
    /// <summary>Ends what waits, and with it the connection.</summary>
    private CancellationTokenSource hard = new();
    private volatile bool isGivenUp, mayBeHit;
    private volatile Task? killing;
    private bool isOpen, isLoading, isBusy, isBroken;
    /// <summary>Before the session is open every error ends it, but for a question that a server need not answer.</summary>
    private bool maySayNo;

    private MyConnection(MyOptions options, MyLogin login)
    {
        (Options, wire, DeprecatesEof, TakesBulk) = (options, login.Wire, login.DeprecatesEof, login.TakesBulk);
        Server = MyServerFacts.Of(login);
    }

    public MyOptions Options { get; }

    public MyServerFacts Server { get; private set; }

    /// <summary>The connection is good for nothing but disposal.</summary>
    public bool IsBroken => isBroken || wire.IsCut;

    /// <summary>A transaction is open, as of the last answer that was no error.</summary>
    public bool InTransaction => (Status & MyStatus.InTransaction) != 0;

    /// <summary>As of the last answer that was no error.</summary>
    public MyStatus Status { get; private set; }

    internal bool DeprecatesEof { get; }

    /// <exception cref="MyServerException">The login was refused, or the server is full.</exception>
    /// <exception cref="MyRefusedException">This side refused.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The certificate is not to be trusted.</exception>
    /// <exception cref="MyProtocolException"/>
    /// <exception cref="IOException">Nobody there, or the connection broke.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">Nobody there.</exception>
    /// <exception cref="TimeoutException">Not within <see cref="MyOptions.ConnectTimeout"/>.</exception>
    public static ValueTask<MyConnection> OpenAsync(MyOptions options, CancellationToken ct) => OpenAsync(options, isSetUp: true, ct);

    private static async ValueTask<MyConnection> OpenAsync(MyOptions options, bool isSetUp, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.ConnectTimeout);
        MyConnection? connection = null;
        try
        {
            connection = new MyConnection(options, await MyLogin.ConnectAsync(options, limit.Token).ConfigureAwait(false));
            await connection.LookAsync(limit.Token).ConfigureAwait(false);
            if (isSetUp) await connection.ExecuteAsync(MySetup.Sql(options, connection.Server), limit.Token).ConfigureAwait(false);
            connection.isOpen = true;
            return connection;
        }
        catch (Exception e)
        {
            connection?.wire.Dispose();
            if (e is not OperationCanceledException) throw;
            ct.ThrowIfCancellationRequested();
            throw new TimeoutException($"no session within {options.ConnectTimeout.TotalSeconds:0.#} s", e);
        }
    }

    private async ValueTask LookAsync(CancellationToken ct)
    {
        try
        {
            Server = Server.With(await RowsAsync(MyServerFacts.Sql, ct).ConfigureAwait(false));
            Server = Server with { Started = await StartedAsync(ct).ConfigureAwait(false) };
        }
        catch (InvalidOperationException e)
        {
            throw new MyProtocolException("the server does not tell its settings", e);
        }
    }

    /// <summary>Null where the server, or a proxy before it, does not tell.</summary>
    private async ValueTask<long?> StartedAsync(CancellationToken ct)
    {
        maySayNo = true;
        try
        {
            return MyServerFacts.StartOf(await RowsAsync(MyServerFacts.StartedSql(Server), ct).ConfigureAwait(false));
        }
        catch (MyServerException) when (!IsBroken)
        {
            return null;
        }
        finally
        {
            maySayNo = false;
        }
    }

    /// <summary>A statement without rows; rows that come nevertheless are read and dropped.</summary>
    /// <exception cref="MyServerException">The server said no.</exception>
    /// <exception cref="MyRefusedException"><see cref="MyRefusal.PacketTooLarge"/>.</exception>
    /// <exception cref="MyProtocolException"/>
    /// <exception cref="IOException">The connection broke; what became of the statement is unknown.</exception>
    public async ValueTask<MyOk> ExecuteAsync(string sql, CancellationToken ct)
    {
        await BeginAsync(Query, ct).ConfigureAwait(false);
        wire.PutText(sql);
        return await ExecuteAsync(ct).ConfigureAwait(false);
    }

    /// <param name="sql">UTF-8, but for literals with an introducer of their own.</param>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask<MyOk> ExecuteAsync(ReadOnlyMemory<byte> sql, CancellationToken ct)
    {
        await BeginAsync(Query, ct).ConfigureAwait(false);
        wire.Put(sql.Span);
        return await ExecuteAsync(ct).ConfigureAwait(false);
    }

    /// <summary>A statement with rows. The caller disposes them before the next statement.</summary>
    /// <exception cref="InvalidOperationException">The statement has no rows.</exception>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public ValueTask<MyRows> QueryAsync(string sql, CancellationToken ct) => QueryAsync(sql, Options.MostPacketBytes, ct);

    private async ValueTask<MyRows> QueryAsync(string sql, int mostPacketBytes, CancellationToken ct)
    {
        await BeginAsync(Query, ct).ConfigureAwait(false);
        wire.PutText(sql);
        return await QueryAsync(isBinary: false, mostPacketBytes, ct).ConfigureAwait(false);
    }

    /// <param name="mostPacketBytes">Longest row.</param>
    private async ValueTask<MyRows> QueryAsync(bool isBinary, int mostPacketBytes, CancellationToken ct)
    {
        CheckSize();
        var rows = await GuardAsync(async hard =>
        {
            await SendAsync(hard).ConfigureAwait(false);
            var count = await AnswerAsync(hard).ConfigureAwait(false);
            if (count == 0) return null;
            var columns = await ColumnsAsync(count, isKept: true, hard).ConfigureAwait(false);
            wire.MostPacketBytes = mostPacketBytes;
            return new MyRows(this, wire, columns, isBinary);
        }, ct).ConfigureAwait(false) ?? throw new InvalidOperationException("a statement without rows");
        isBusy = true;
        if (!isGivenUp) return rows;
        await rows.DisposeAsync().ConfigureAwait(false);
        throw new OperationCanceledException(ct);
    }

    /// <summary>
    /// Small results, such as a catalogue is: all rows, each cell as UTF-8 text, null for NULL. What takes more memory than
    /// <see cref="MyOptions.MostGatheredBytes"/> is refused, and the session goes on.
    /// </summary>
    /// <exception cref="MyRefusedException"><see cref="MyRefusal.PacketTooLarge"/>, <see cref="MyRefusal.TooMuch"/>.</exception>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask<List<string?[]>> RowsAsync(string sql, CancellationToken ct)
    {
        // What an array and a string are beside their content.
        const int RowBytes = 32, CellBytes = 32;
        var all = new List<string?[]>();
        var gathered = 0L;
        var most = Math.Min(Options.MostPacketBytes, Options.MostGatheredBytes);
        await using var rows = await QueryAsync(sql, most, ct).ConfigureAwait(false);
        while (await rows.ReadAsync(ct).ConfigureAwait(false))
        {
            gathered += RowBytes + CellBytes * rows.Columns.Count + sizeof(char) * (long)rows.Row.Length;
            if (gathered > Options.MostGatheredBytes)
            {
                throw new MyRefusedException(MyRefusal.TooMuch, "more than memory is given to a question about the server itself");
            }
            var row = new string?[rows.Columns.Count];
            for (var i = 0; i < row.Length; i++) row[i] = rows.IsNull(i) ? null : Encoding.UTF8.GetString(rows.Bytes(i));
            all.Add(row);
        }
        return all;
    }

    /// <summary>
    /// LOAD DATA LOCAL from memory. Needs <see cref="MyOptions.AllowLoad"/>. The file's name is made here, at random; a request for any
    /// other, or at any other time, is refused and breaks the connection.
    /// </summary>
    /// <param name="into">The statement after the file's name: <c>into table `t` character set binary fields terminated by …</c>.</param>
    /// <param name="fill">
    /// Writes some rows, best 64 KB – 1 MB, and says whether there are more. Not called if the server refuses the statement. When it throws
    /// or the call is cancelled, the connection is cut, so that the server sees no end of the data and undoes the statement; the exception
    /// goes on to the caller.
    /// </param>
    /// <returns>The counts; that all rows were taken is the caller's to check.</returns>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask<MyOk> LoadAsync(string into, Func<IBufferWriter<byte>, CancellationToken, ValueTask<bool>> fill,
        CancellationToken ct)
    {
        if (!Options.AllowLoad) throw new InvalidOperationException("the connection was not opened for loads");
        var name = RandomNumberGenerator.GetHexString(32, lowercase: true);
        await BeginAsync(Query, ct).ConfigureAwait(false);
        wire.PutText($"load data local infile '{name}' {into}");
        CheckSize();
        return await GuardAsync(async hard =>
        {
            await SendAsync(hard).ConfigureAwait(false);
            await AnswerAsync(hard, name).ConfigureAwait(false);
            if (!isLoading) return Last;
            await LoadAsync(fill, hard, ct).ConfigureAwait(false);
            isLoading = false;
            wire.Drop();
            await SendAsync(hard).ConfigureAwait(false);
            if (await AnswerAsync(hard).ConfigureAwait(false) > 0) throw new MyProtocolException("rows in answer to a load");
            return Last;
        }, ct).ConfigureAwait(false);
    }

    /// <summary>Closes the socket at once, from any thread: whoever waits gets an <see cref="IOException"/>.</summary>
    public void Cut() => wire.Cut();

    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask PingAsync(CancellationToken ct)
    {
        await BeginAsync(Ping, ct).ConfigureAwait(false);
        await ExecuteAsync(ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Back to what it was after login: open transaction rolled back, locks, variables and temporary tables gone, set up anew.
    /// </summary>
    /// <inheritdoc cref="ExecuteAsync(string, CancellationToken)"/>
    public async ValueTask ResetAsync(CancellationToken ct)
    {
        // It forgets them by itself.
        forgotten.Clear();
        await BeginAsync(Reset, ct).ConfigureAwait(false);
        await ExecuteAsync(ct).ConfigureAwait(false);
        await ExecuteAsync(MySetup.Sql(Options, Server), ct).ConfigureAwait(false);
    }

    /// <summary>Says goodbye if it can, waits for nothing, throws nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!IsBroken && !isBusy)
        {
            try
            {
                using var limit = new CancellationTokenSource(Farewell);
                wire.Begin();
                wire.Put(Quit);
                await wire.SendAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Gone is gone.
            }
        }
        Break();
        wire.Dispose();
    }

    internal void Break()
    {
        isBroken = true;
        isBusy = false;
        wire.Cut();
    }

    private MyOk Last { get; set; }

    private async ValueTask BeginAsync(byte command, CancellationToken ct)
    {
        if (isBusy) throw new InvalidOperationException("the rows of the last query are not read to their end");
        if (IsBroken) throw new IOException("the connection is broken");
        ct.ThrowIfCancellationRequested();
        if (killing is { } kill)
        {
            await kill.ConfigureAwait(false);
            killing = null;
        }
        if (mayBeHit)
        {
            mayBeHit = false;
            // A kill that came too late for its statement may lie in wait for the next: here is one that does not mind.
            wire.Begin();
            wire.Put(Query);
            wire.Put("do sleep(0)"u8);
            try
            {
                await ExecuteAsync(ct).ConfigureAwait(false);
            }
            catch (MyServerException) when (!IsBroken)
            {
                // It was.
            }
        }
        if (forgotten.Count > 0) await GuardAsync(async hard =>
        {
            await ForgetAsync(hard).ConfigureAwait(false);
            return true;
        }, ct).ConfigureAwait(false);
        // Cancelled meanwhile: a kill is on its way, and what it was meant for is through. No statement may meet it.
        ct.ThrowIfCancellationRequested();
        wire.Begin();
        wire.Put(command);
    }

    private async ValueTask<MyOk> ExecuteAsync(CancellationToken ct)
    {
        CheckSize();
        return await GuardAsync(async hard =>
        {
            await SendAsync(hard).ConfigureAwait(false);
            var count = await AnswerAsync(hard).ConfigureAwait(false);
            if (count == 0) return Last;
            await ColumnsAsync(count, isKept: false, hard).ConfigureAwait(false);
            wire.MostPacketBytes = Options.MostPacketBytes;
            return await DrainAsync(hard, isTaken: false, int.MaxValue).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
    }

    private void CheckSize()
    {
        if (wire.Pending < Server.MaxAllowedPacket) return;
        var size = wire.Pending;
        wire.Drop();
        throw new MyRefusedException(MyRefusal.PacketTooLarge, $"{size} bytes, and max_allowed_packet is {Server.MaxAllowedPacket}");
    }

    /// <summary>A talk with the server from question to answer, which ends by itself, by a kill, or by cutting the connection.</summary>
    private async ValueTask<T> GuardAsync<T>(Func<CancellationToken, ValueTask<T>> talk, CancellationToken ct)
    {
        isGivenUp = isLoading = false;
        var registration = ct.UnsafeRegister(static me => ((MyConnection)me!).GiveUp(), this);
        try
        {
            var result = await talk(hard.Token).ConfigureAwait(false);
            await registration.DisposeAsync().ConfigureAwait(false);
            Calm();
            return result;
        }
        catch (Exception e)
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            if (Failed(e, ct) is { } other && other != e) throw other;
            throw;
        }
    }

    /// <summary>What an exception comes to, for the connection and for the caller.</summary>
    private Exception Failed(Exception e, CancellationToken ct)
    {
        isBusy = false;
        var isFinal = e is not MyServerException said || MyNumbers.EndsSession(said.Number) || wire.WasUnasked || !isOpen && !maySayNo;
        if (isFinal) Break();
        else Calm();
        if (e is MyServerException { Number: MyNumbers.Deadlock }) Status &= ~MyStatus.InTransaction;
        var isOurDoing = e is OperationCanceledException or IOException or MyServerException { Number: MyNumbers.Interrupted };
        return isGivenUp && isOurDoing ? new OperationCanceledException(ct) : e;
    }

    /// <summary>Takes the time limit back that giving up has set.</summary>
    private void Calm()
    {
        if (!isGivenUp || hard.TryReset()) return;
        if (hard.IsCancellationRequested) Break();
        else hard = new CancellationTokenSource();
    }

    private async ValueTask SendAsync(CancellationToken ct, int most = MyWire.MostFragment)
    {
        try
        {
            await wire.SendAsync(ct, most).ConfigureAwait(false);
        }
        catch (IOException) when (!wire.IsCut)
        {
            // The server may have said why it hung up.
            if (await LastWordAsync().ConfigureAwait(false) is not { } said) throw;
            Break();
            throw said;
        }
    }

    private async ValueTask<MyServerException?> LastWordAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Farewell);
            await wire.TakeAsync(limit.Token).ConfigureAwait(false);
            return wire.Length > 0 && wire.Packet[0] == MyPackets.Error ? MyPackets.ParseError(wire.Packet) : null;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or MyProtocolException)
        {
            return null;
        }
    }

    /// <returns>Columns that come; 0 = none, and <see cref="Last"/> is the answer.</returns>
    private async ValueTask<int> AnswerAsync(CancellationToken ct, string? file = null)
    {
        await wire.TakeAsync(ct).ConfigureAwait(false);
        var reader = new MyReader(wire.Packet);
        switch (reader.Peek)
        {
            case MyPackets.Ok:
                Last = MyPackets.ParseOk(wire.Packet);
                Status = Last.Status;
                return 0;
            case MyPackets.Error:
                throw MyPackets.ParseError(wire.Packet);
            case MyPackets.LocalInfile:
                reader.Skip(1);
                isLoading = file is not null && reader.Rest().SequenceEqual(Encoding.ASCII.GetBytes(file));
                if (isLoading) return 0;
                wire.Drop();
                await wire.SendAsync(ct).ConfigureAwait(false);
                throw new MyProtocolException("the server asked for a file of this machine; it was refused");
            default:
                var count = reader.Number();
                if (count is 0 or > MyPackets.MostColumns || reader.Left > 0) throw new MyProtocolException($"{count} columns");
                return file is null ? (int)count : throw new MyProtocolException("rows in answer to a load");
        }
    }

    private async ValueTask LoadAsync(Func<IBufferWriter<byte>, CancellationToken, ValueTask<bool>> fill, CancellationToken hard,
        CancellationToken ct)
    {
        var most = (int)Math.Min(LoadBytes, Server.MaxAllowedPacket - 1);
        wire.Drop();
        for (var more = true; more;)
        {
            more = await fill(wire, ct).ConfigureAwait(false);
            if (wire.Pending >= LoadBytes || !more && wire.Pending > 0) await SendAsync(hard, most).ConfigureAwait(false);
        }
    }
}
