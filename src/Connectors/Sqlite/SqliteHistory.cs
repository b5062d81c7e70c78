using System.Globalization;
using System.Text;
using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// The history of runs in a SQLite file of its own. Many processes may append at the same time; each call is one short transaction on a
/// connection of its own. Thread-safe. A mirror: losing its last moments to a power cut loses no row and no position, so it is not synced
/// at every commit.
/// </summary>
internal sealed class SqliteHistory(string path, SqliteOptions options) : IRunHistory
{
    private const long Format = 1;

    /// <exception cref="PawlException">The file cannot be opened or written, is no database, or was written by a newer program.</exception>
    public static async Task<SqliteHistory> OpenAsync(string path, SqliteOptions options, CancellationToken ct)
    {
        var history = new SqliteHistory(path, options);
        await Task.Run(() => history.With(Create), ct).ConfigureAwait(false);
        return history;
    }

    public async ValueTask AppendAsync(IReadOnlyList<RunEvent> events, CancellationToken ct) =>
        await Task.Run(() => With(file => Append(file, events)), ct).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<RunRecord>> ListAsync(string? job, int limit, CancellationToken ct) =>
        await Task.Run(() => With(file => Records(file, "(?1 is null or job = ?1) order by started desc, run limit ?2", job,
            (long)limit)), ct)
            .ConfigureAwait(false);

    public async ValueTask<RunRecord?> FindAsync(string run, CancellationToken ct) => await Task.Run(() => With(file =>
    {
        var found = Records(file, "substr(run, 1, length(?1)) = ?1 limit 2", run.ToLowerInvariant());
        return found.Count == 1 ? found[0] : null;
    }), ct).ConfigureAwait(false);

    public async ValueTask<IReadOnlyList<RunEvent>> EventsAsync(Guid run, CancellationToken ct) =>
        await Task.Run(() => With(file => Events(file, run)), ct).ConfigureAwait(false);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private T With<T>(Func<SqliteFile, T> use)
    {
        using var file = SqliteFile.Open(path, SqliteAccess.Create, options.Busy);
        file.Execute("pragma synchronous = normal");
        return use(file);
    }

    private static bool Create(SqliteFile file)
    {
        file.PreferLog();
        file.Execute("begin immediate");
        file.Execute("create table if not exists meta (name text primary key, value integer not null) without rowid");
        var format = file.Number("select value from meta where name = 'format'");
        if (format > Format)
        {
            throw new PawlException(Fault.Configuration, Codes.FormatTooNew, ("file", file.Path), ("found", format), ("known", Format));
        }
        file.Execute("insert into meta values ('format', ?) on conflict do nothing", Format);
        file.Execute("""
            create table if not exists run (run text primary key, job text not null, started integer not null, ended integer,
                status text not null, exit_code integer, rows integer not null, pid integer, process_started integer)
            """);
        file.Execute("create index if not exists run_by_time on run (started desc)");
        file.Execute("""
            create table if not exists event (number integer primary key, run text not null, at integer not null, job text not null,
                code text not null, table_name text, lane text, args text not null)
            """);
        file.Execute("create index if not exists event_by_run on event (run, number)");
        file.Execute("commit");
        return true;
    }

    private static bool Append(SqliteFile file, IReadOnlyList<RunEvent> events)
    {
        if (events.Count == 0) return true;
        file.Execute("begin immediate");
        using var insert = file.Prepare("insert into event (run, at, job, code, table_name, lane, args) values (?, ?, ?, ?, ?, ?, ?)");
        Guid? known = null;
        foreach (var e in events)
        {
            var run = e.Run.ToString();
            insert.BindAll([run, Ticks(e.At), e.Job, e.Code, e.Table, e.Lane, WriteArgs(e.Args)]);
            insert.Step();
            insert.Reset();
            // Who appends a run's events is the process that runs it, unless the event says otherwise.
            var isStart = e.Code == EventCodes.RunStarted;
            if (isStart || known != e.Run) file.Execute("""
                insert into run (run, job, started, status, rows, pid, process_started) values (?1, ?2, ?3, 'running', 0, ?4, ?5)
                on conflict (run) do update set pid = coalesce(pid, excluded.pid),
                    process_started = coalesce(process_started, excluded.process_started)
                """, run, e.Job, Ticks(e.At), isStart ? Number(e, "pid") ?? Environment.ProcessId : null,
                isStart ? Number(e, "process_started") ?? ProcessStarted() : null);
            known = e.Run;
            if (e.Code != EventCodes.RunEnded) continue;
            file.Execute("update run set ended = ?2, status = ?3, exit_code = ?4, rows = coalesce(?5, rows) where run = ?1", run,
                Ticks(e.At),
                Convert.ToString(e.Args.GetValueOrDefault("status"), CultureInfo.InvariantCulture)?.ToLowerInvariant() ?? "ended",
                Number(e, "exit_code") ?? Number(e, "exit"), Number(e, "rows"));
        }
        file.Execute("commit");
        return true;
    }

    private static long ProcessStarted()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();
    }

    private static List<RunRecord> Records(SqliteFile file, string where, params object?[] values)
    {
        var records = new List<RunRecord>();
        using var rows = file.Prepare(
            $"select run, job, started, ended, status, exit_code, rows, pid, process_started from run where {where}");
        rows.BindAll(values);
        while (rows.Step())
        {
            var isOpen = rows.Type(3) == SqliteNative.TypeNull;
            records.Add(new RunRecord
            {
                Run = Guid.Parse(rows.Text(0)),
                Job = rows.Text(1),
                Started = Time(rows.Int64(2)),
                Ended = isOpen ? null : Time(rows.Int64(3)),
                Status = isOpen && IsGone(rows) ? "lost" : rows.Text(4),
                ExitCode = rows.Type(5) == SqliteNative.TypeNull ? null : (int)rows.Int64(5),
                RowsWritten = rows.Int64(6),
            });
        }
        return records;
    }

    /// <summary>
    /// A run that said who its process is, never said that it ended, and whose process is not there any more. The time of the process's
    /// start tells a number that was given anew.
    /// </summary>
    private static bool IsGone(SqliteStatement row)
    {
        if (row.Type(7) == SqliteNative.TypeNull) return false;
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById((int)row.Int64(7));
            return row.Type(8) != SqliteNative.TypeNull
                && Math.Abs(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() - row.Int64(8)) > 2_000;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // No such process.
            return true;
        }
    }

    private static List<RunEvent> Events(SqliteFile file, Guid run)
    {
        var events = new List<RunEvent>();
        using var rows = file.Prepare("select at, job, code, table_name, lane, args from event where run = ? order by number");
        rows.Bind(1, run.ToString());
        while (rows.Step())
        {
            events.Add(new RunEvent
            {
                At = Time(rows.Int64(0)),
                Run = run,
                Job = rows.Text(1),
                Code = rows.Text(2),
                Table = rows.TextOrNull(3),
                Lane = rows.TextOrNull(4),
                Args = ReadArgs(rows.Text(5)),
            });
        }
        return events;
    }

    private static string WriteArgs(IReadOnlyDictionary<string, object?> args)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in args)
            {
                json.WritePropertyName(name);
                switch (value)
                {
                    case null: json.WriteNullValue(); break;
                    case long or int: json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
                    // With a point or an exponent, so that it is read back as a float.
                    case double real when double.IsFinite(real):
                        var text = real.ToString("R", CultureInfo.InvariantCulture);
                        json.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
                        break;
                    case bool truth: json.WriteBooleanValue(truth); break;
                    default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
                }
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Dictionary<string, object?> ReadArgs(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)(p.Value.ValueKind switch
        {
            JsonValueKind.Number when p.Value.TryGetInt64(out var whole) => whole,
            JsonValueKind.Number => p.Value.GetDouble(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => p.Value.GetString(),
            _ => null,
        }), StringComparer.Ordinal);
    }

    private static long? Number(RunEvent e, string name) => e.Args.GetValueOrDefault(name) switch
    {
        long number => number,
        int number => number,
        _ => null,
    };

    /// <summary>Microseconds since 1970: what is shown is milliseconds, but the order of events is finer.</summary>
    private static long Ticks(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
