using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>A transaction that is open.</summary>
/// <param name="Thread">Of its session; 0 = it has none any more.</param>
/// <param name="Key">Tells it from others of that session, among those that were found in the same way.</param>
/// <param name="Since">As the server says it; null = it says only how long.</param>
/// <param name="IsReading">It can write nothing.</param>
/// <param name="Age">How long it is open; exact, or a little more.</param>
internal sealed record MyOpen(string Thread, string Key, string? Since, bool IsReading, TimeSpan Age)
{
    /// <summary>Of two looks, one after the other. In doubt it is.</summary>
    public bool IsStill(MyOpen later) =>
        Thread == later.Thread && (Key == later.Key || (Since is null) != (later.Since is null));
}

/// <summary>
/// The transactions that are open now. <c>innodb_trx</c> alone does not say it: what it shows is an image that InnoDB makes anew only when
/// nobody at all has read it for 0.1 s (<c>CACHE_MIN_IDLE_TIME</c> in trx0i_s.cc), so that somebody who reads it every 50 ms keeps it as it
/// is for ever, and two readers keep it from each other. So an image is taken only if it shows that it is not older than the question: by
/// the statement that asks, which stands in it, or by being another one than the first that was seen. One caller at a time; runs on the
/// session it is given, in which no transaction may be open.
/// </summary>
internal sealed partial class MyTransactions
{
    /// <summary>The server writes the beginnings of transactions in its own zone, whatever the session's is.</summary>
    private const string ServerNow = "convert_tz(now(6), @@session.time_zone, 'SYSTEM')";

    /// <summary>Looks until it is given up: two seconds, by and large.</summary>
    private const int MostLooks = 12, MostStatuses = 4;

    /// <summary>
    /// InnoDB leaves out what 16 MB do not hold (TRX_I_S_MEM_LIMIT), statements and locks that are waited for among it, without a word.
    /// </summary>
    private const int MostRows = 1_000;

    /// <summary>Longer than an image has to be left alone, ms, and what is added by chance so that two who wait do not keep step.</summary>
    private const int Idle = 110, Chance = 120;

    /// <summary>Columns of a row, in the order they are asked for; those up to the age are the image's.</summary>
    private const int Thread = 0, Began = 1, ReadOnly = 2, Id = 3, Statement = 4, Age = 5;

    /// <summary>Somebody read the image so often that it was not made anew: for so long nobody waits for it.</summary>
    private static readonly TimeSpan Frozen = TimeSpan.FromSeconds(30);

    private long? frozen;

    /// <summary>
    /// Those of others that were open when this call began and still are, and maybe some that began since. Null = it cannot be known now.
    /// </summary>
    public async ValueTask<IReadOnlyList<MyOpen>?> LookAsync(MyConnection connection, CancellationToken ct)
    {
        // MySQL's status leaves out transactions that have not written yet.
        var hasStatus = connection.Server.IsMariaDb;
        if (hasStatus && frozen is { } since && Stopwatch.GetElapsedTime(since) < Frozen
            && await StatusAsync(connection, ct).ConfigureAwait(false) is { } quick) return quick;
        frozen = null;
        if (await FreshAsync(connection, ct).ConfigureAwait(false) is { } fresh) return fresh;
        frozen = Stopwatch.GetTimestamp();
        return hasStatus ? await StatusAsync(connection, ct).ConfigureAwait(false) : null;
    }

    /// <summary>The image as it is, of whatever age: good for showing alone.</summary>
    public static async ValueTask<IReadOnlyList<MyOpen>> GlanceAsync(MyConnection connection, CancellationToken ct) =>
        Others(connection, await ImageAsync(connection, "", ct).ConfigureAwait(false));

    private static async ValueTask<IReadOnlyList<MyOpen>?> FreshAsync(MyConnection connection, CancellationToken ct)
    {
        // The session stands in the image only while a transaction is open in it, and its statement with it.
        await MySessions.BeginAsync(connection, ct).ConfigureAwait(false);
        try
        {
            var chance = Guid.NewGuid();
            var mark = $"pawl {chance:N}";
            IReadOnlyList<string?[]>? first = null;
            for (var looks = 1; ; looks++)
            {
                var image = await ImageAsync(connection, mark, ct).ConfigureAwait(false);
                if (image.Count >= MostRows) return null;
                first ??= image;
                var isMarked = image.Any(r => r[Thread] == Own(connection)
                    && r[Statement]?.Contains(mark, StringComparison.Ordinal) == true);
                if (isMarked || !IsSame(first, image)) return Others(connection, image);
                if (looks == MostLooks) return null;
                await Task.Delay(Idle + (Chance * chance.ToByteArray()[looks] >> 8), ct).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!connection.IsBroken) await connection.ExecuteAsync("rollback", CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async ValueTask<IReadOnlyList<string?[]>> ImageAsync(MyConnection connection, string mark, CancellationToken ct) =>
        await connection.RowsAsync($"""
            select trx_mysql_thread_id, trx_started, trx_is_read_only, trx_id, trx_query,
                coalesce(timestampdiff(microsecond, trx_started, {ServerNow}), 0), '{mark}'
            from information_schema.innodb_trx
            """, ct).ConfigureAwait(false);

    /// <summary>Two images that show the same may be one.</summary>
    private static bool IsSame(IReadOnlyList<string?[]> a, IReadOnlyList<string?[]> b) =>
        a.Count == b.Count && a.Zip(b).All(r => r.First.AsSpan(0, Age).SequenceEqual(r.Second.AsSpan(0, Age)));

    private static string Own(MyConnection connection) => connection.Server.ConnectionId.ToString(CultureInfo.InvariantCulture);

    private static IReadOnlyList<MyOpen> Others(MyConnection connection, IReadOnlyList<string?[]> image) =>
        [.. image.Where(r => r[Thread] != Own(connection)).Select(r => new MyOpen(r[Thread]!, r[Began]!, r[Began], r[ReadOnly] == "1",
            TimeSpan.FromMicroseconds(Math.Max(0, long.Parse(r[Age]!, CultureInfo.InvariantCulture)))))];

    /// <summary>
    /// The status is made when it is asked for. It does not tell who can only read, and counts by whole seconds. It has 1 MB at most, and
    /// where that is too little it leaves out transactions: then it is not believed.
    /// </summary>
    private static async ValueTask<IReadOnlyList<MyOpen>?> StatusAsync(MyConnection connection, CancellationToken ct)
    {
        for (var looks = 1; ; looks++)
        {
            var text = (await connection.RowsAsync("show engine innodb status", ct).ConfigureAwait(false))[0][^1] ?? "";
            if (Read(text) is { } open) return [.. open.Where(o => o.Thread != Own(connection))];
            if (looks == MostStatuses) return null;
            // One that is just ending does not say how old it is.
            await Task.Delay(Idle, ct).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Null = it is not whole, or says something else than expected. What looks like a transaction and is a piece of somebody's statement
    /// counts as one more.
    /// </summary>
    internal static IReadOnlyList<MyOpen>? Read(string status)
    {
        if (!status.Contains("\nLIST OF TRANSACTIONS FOR EACH SESSION:\n", StringComparison.Ordinal)
            || status.Contains("\n... truncated...\n", StringComparison.Ordinal)
            || status.Contains("FAIL TO OBTAIN LOCK MUTEX", StringComparison.Ordinal)
            || !Ending().IsMatch(status)) return null;
        var open = new List<MyOpen>();
        foreach (var block in status.Split("\n---TRANSACTION ").Skip(1))
        {
            var head = block[..(block.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end ? end : block.Length)];
            if (NotStarted().IsMatch(head)) continue;
            if (Active().Match(head) is not { Success: true } active) return null;
            var thread = ThreadId().Match(block) is { Success: true } found ? found.Groups[1].Value : "0";
            // Both ends of the time are cut to whole seconds.
            var age = TimeSpan.FromSeconds(1 + double.Parse(active.Groups[2].Value, CultureInfo.InvariantCulture));
            open.Add(new MyOpen(thread, active.Groups[1].Value, null, false, age));
        }
        return open;
    }

    [GeneratedRegex(@"\nEND OF INNODB MONITOR OUTPUT\n=+\s*\z")]
    private static partial Regex Ending();

    [GeneratedRegex(@"\A\S+, not started")]
    private static partial Regex NotStarted();

    [GeneratedRegex(@"\A(\S+), ACTIVE(?: \(PREPARED\))? ([0-9]{1,9}) sec")]
    private static partial Regex Active();

    /// <summary>The server's own line comes before the statement, in which anything may stand.</summary>
    [GeneratedRegex(@"\n(?:MariaDB|MySQL) thread id ([0-9]+),")]
    private static partial Regex ThreadId();
}
