using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A connection's socket during a long COPY, read and written by plain system calls on the caller's thread. The runtime's event loop wakes
/// two threads for every few kilobytes that come or go, wanted or not, which costs more than everything else that is done with the rows;
/// so the loop is told to let this socket alone, and <see cref="GiveBack"/> undoes that. Only on Linux, and not through TLS.
/// One caller at a time; the stream may be closed meanwhile, which fails what waits.
/// https://man7.org/linux/man-pages/man7/epoll.7.html, https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
/// </summary>
internal sealed partial class PgSocket
{
    /// <summary>
    /// Bytes of a COPY after which it is worth it, 1 MB. The environment may say otherwise: <c>PAWL_COPY_SOCKET</c>, in bytes, or
    /// <c>off</c> to get around it.
    /// </summary>
    public static readonly long WorthBytes = Environment.GetEnvironmentVariable("PAWL_COPY_SOCKET") switch
    {
        "off" => long.MaxValue,
        { } text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) => bytes,
        _ => 1 << 20,
    };

    /// <summary>How often somebody who waits looks whether he should still.</summary>
    private const int LookMilliseconds = 100;

    /// <summary>Time for a message under way to get to its end when the caller gives up: a whole one leaves the session usable.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>A third of what a unix socket holds.</summary>
    private const int LittleBytes = 64 << 10;

    private const int Modify = 3, Peek = 2, DontWait = 0x40, NoSignal = 0x4000, MoreComes = 0x8000;
    private const short Readable = 1, Writable = 4;
    private const uint OnlyChanges = 1u << 31;
    private const int Interrupted = 4, Again = 11;

    /// <summary>The runtime's event queue that held the last socket: most likely it holds the next one too.</summary>
    private static volatile int lastQueue = -1;

    private readonly SafeSocketHandle socket;
    private readonly int queue;
    private readonly uint events;
    private readonly ulong data;
    private bool cameLittle;
    private bool isSomethingElse;

    private PgSocket(SafeSocketHandle socket, int queue, uint events, ulong data) =>
        (this.socket, this.queue, this.events, this.data) = (socket, queue, events, data);

    /// <summary>Null where it cannot be done: the stream goes on being used as it is.</summary>
    /// <param name="stream">Of <see cref="PgDriver.Idle"/>; nobody waits for it.</param>
    public static PgSocket? Take(Stream stream)
    {
        if (!OperatingSystem.IsLinux() || stream is not NetworkStream { Socket: { } inner }) return null;
        try
        {
            var handle = inner.SafeHandle;
            var number = (int)handle.DangerousGetHandle();
            var likely = lastQueue;
            if (Registered(likely, number) is { } known) return Quiet(new PgSocket(handle, likely, known.Events, known.Data));
            foreach (var queue in Queues())
            {
                if (Registered(queue, number) is not { } found) continue;
                lastQueue = queue;
                return Quiet(new PgSocket(handle, queue, found.Events, found.Data));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            // Another system's /proc, or one that is hidden: nothing has been changed yet.
        }
        return null;
    }

    /// <summary>From here on the runtime sees the socket again, with whatever has arrived.</summary>
    public void GiveBack() => Watch(events);

    /// <summary>
    /// Waits for bytes; 0 = the server closed the connection. After little it first lets more gather: a server sends 8 KB at a time, and to
    /// be woken for each of them slows down both.
    /// </summary>
    /// <exception cref="IOException">The connection broke, or was closed.</exception>
    public int Read(Span<byte> into, CancellationToken ct)
    {
        if (cameLittle) Pause();
        while (true)
        {
            var read = Receive(into);
            if (read >= 0)
            {
                cameLittle = read < LittleBytes && read < into.Length;
                return (int)read;
            }
            ct.ThrowIfCancellationRequested();
            Wait(Readable);
        }
    }

    /// <summary>
    /// Sends one message of COPY's data. When it is cancelled the message is sent to its end if that takes no longer than a second; if it
    /// does, the connection is good for nothing but closing, and <paramref name="isBroken"/> is set.
    /// </summary>
    /// <exception cref="IOException">The connection broke, or was closed.</exception>
    public void Send(ReadOnlySpan<byte> rows, ref bool isBroken, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)'d';
        BinaryPrimitives.WriteInt32BigEndian(head[1..], checked(rows.Length + 4));
        isBroken = true;
        long givenUp = 0;
        All(head, MoreComes, ref givenUp, ct);
        All(rows, 0, ref givenUp, ct);
        isBroken = false;
    }

    private void All(ReadOnlySpan<byte> bytes, int flags, ref long givenUp, CancellationToken ct)
    {
        while (bytes.Length > 0)
        {
            var sent = Transmit(bytes, flags);
            if (sent > 0)
            {
                bytes = bytes[(int)sent..];
                continue;
            }
            if (ct.IsCancellationRequested)
            {
                var now = Environment.TickCount64;
                if (givenUp == 0) givenUp = now;
                else if (now - givenUp > Grace.TotalMilliseconds) ct.ThrowIfCancellationRequested();
            }
            Wait((short)(isSomethingElse ? Writable : Writable | Readable));
            if (!isSomethingElse) DropNotices(ct);
        }
    }

    /// <summary>
    /// A trigger may tell something of every row. Nobody reads that, and when the way back is full the server waits for it to be read, and
    /// takes no more rows. Anything else it says is for the driver, at the end.
    /// </summary>
    private void DropNotices(CancellationToken ct)
    {
        const int HeadBytes = 5;
        Span<byte> message = stackalloc byte[4096];
        while (Receive(message[..HeadBytes], Peek) == HeadBytes)
        {
            isSomethingElse = message[0] != (byte)'N';
            if (isSomethingElse) return;
            var rest = (long)BinaryPrimitives.ReadInt32BigEndian(message[1..]) + 1;
            while (rest > 0)
            {
                var read = Receive(message[..(int)Math.Min(rest, message.Length)]);
                if (read == 0) throw new EndOfStreamException("the server closed the connection");
                if (read > 0) rest -= read;
                else
                {
                    ct.ThrowIfCancellationRequested();
                    Wait(Readable);
                }
            }
        }
    }

    /// <returns>Bytes; -1 = there are none yet.</returns>
    private unsafe nint Receive(Span<byte> into, int flags = 0)
    {
        var held = false;
        try
        {
            socket.DangerousAddRef(ref held);
            nint read;
            fixed (byte* start = into) read = CallReceive((int)socket.DangerousGetHandle(), start, (nuint)into.Length, DontWait | flags);
            if (read < 0) Check("recv");
            return read;
        }
        catch (ObjectDisposedException e)
        {
            throw Closed(e);
        }
        finally
        {
            if (held) socket.DangerousRelease();
        }
    }

    /// <returns>Bytes; -1 = there is no room yet.</returns>
    private unsafe nint Transmit(ReadOnlySpan<byte> bytes, int flags)
    {
        var held = false;
        try
        {
            socket.DangerousAddRef(ref held);
            nint sent;
            fixed (byte* start = bytes)
            {
                sent = CallSend((int)socket.DangerousGetHandle(), start, (nuint)bytes.Length, DontWait | NoSignal | flags);
            }
            if (sent < 0) Check("send");
            return sent;
        }
        catch (ObjectDisposedException e)
        {
            throw Closed(e);
        }
        finally
        {
            if (held) socket.DangerousRelease();
        }
    }

    private unsafe void Wait(short what)
    {
        var held = false;
        try
        {
            socket.DangerousAddRef(ref held);
            var entry = new Entry { Socket = (int)socket.DangerousGetHandle(), Wanted = what };
            if (CallPoll(&entry, 1, LookMilliseconds) < 0) Check("poll");
        }
        catch (ObjectDisposedException e)
        {
            throw Closed(e);
        }
        finally
        {
            if (held) socket.DangerousRelease();
        }
    }

    /// <summary>One millisecond.</summary>
    private static unsafe void Pause() => _ = CallPoll(null, 0, 1);

    private static PgSocket Quiet(PgSocket socket)
    {
        socket.Watch(OnlyChanges);
        return socket;
    }

    /// <summary>Tells the runtime's event queue what to watch. A socket that is closed by now needs nothing.</summary>
    private unsafe void Watch(uint what)
    {
        var held = false;
        try
        {
            socket.DangerousAddRef(ref held);
            // The kernel's structure has no gap between its two members on this one architecture.
            var isPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
            var entry = stackalloc byte[16];
            BitConverter.TryWriteBytes(new Span<byte>(entry, 4), what);
            BitConverter.TryWriteBytes(new Span<byte>(entry + (isPacked ? 4 : 8), 8), data);
            if (ControlQueue(queue, Modify, (int)socket.DangerousGetHandle(), entry) < 0) Check("epoll_ctl");
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile.
        }
        finally
        {
            if (held) socket.DangerousRelease();
        }
    }

    /// <summary>Numbers of this process's event queues.</summary>
    private static IEnumerable<int> Queues()
    {
        foreach (var file in new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos())
        {
            string? target;
            try
            {
                target = file.LinkTarget;
            }
            catch (IOException)
            {
                continue;
            }
            if (target == "anon_inode:[eventpoll]") yield return int.Parse(file.Name, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>What an event queue watches a descriptor for; null = it does not.</summary>
    private static (uint Events, ulong Data)? Registered(int queue, int descriptor)
    {
        if (queue < 0) return null;
        foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{queue}")))
        {
            // tfd: 106 events: 8000001d data: 0  pos:0 ino:3c5a sdev:8
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words is not ["tfd:", var number, "events:", var events, "data:", var data, ..]) continue;
            if (int.Parse(number, CultureInfo.InvariantCulture) != descriptor) continue;
            return (uint.Parse(events, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                ulong.Parse(data, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }
        return null;
    }

    private static void Check(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error is Interrupted or Again) return;
        throw new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private static IOException Closed(ObjectDisposedException e) => new("the connection was closed", e);

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public int Socket;
        public short Wanted, Found;
    }

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static unsafe partial int ControlQueue(int queue, int operation, int descriptor, byte* entry);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint CallReceive(int descriptor, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint CallSend(int descriptor, byte* bytes, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int CallPoll(Entry* entries, nuint count, int milliseconds);
}
