using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>A SQLite file as a transactional target. Thread-safe: every session is a connection of its own.</summary>
internal sealed class SqliteDatabase(string path, SqliteOptions options, TimeProvider time) : ITargetDatabase, IKnowsPlace
{
    public static readonly SqlDialect Dialect = new()
    {
        Quote = SqliteNames.Quote,
        Parameter = number => FormattableString.Invariant($"?{number}"),
        Now = "cast(round(unixepoch('subsec') * 1000) as integer)",
        NumberType = "integer",
        TextType = "text",
        TableSuffix = "without rowid",
    };

    private const long CheckpointBytes = 32 << 20;

    public string Path => path;
    public SqliteOptions Options => options;

    public TargetTraits Traits { get; } = new() { Guarantee = Guarantee.OncePerRow, BuffersGroups = true };

    /// <summary>A file that has two names (a hard link) would have two logs as well, and neither would know of the other.</summary>
    public ValueTask<string?> PlaceAsync(CancellationToken ct) =>
        ValueTask.FromResult(File.Exists(path) ? SqliteIdentity.Of(path).Text : null);

    public ITargetTables Tables => new SqliteTables(this);

    public async ValueTask<ITargetSession> ConnectAsync(CancellationToken ct) => await OpenAsync(ct).ConfigureAwait(false);

    public async Task<SqliteSession> OpenAsync(CancellationToken ct)
    {
        var file = await Task.Run(() => Open(path, options), ct).ConfigureAwait(false);
        return new SqliteSession(file, options, time);
    }

    public ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct) =>
        ValueTask.FromResult<IAsyncDisposable?>(SqliteLockFile.TryTake(path, name));

    public ValueTask<bool> IsLockedAsync(string name, CancellationToken ct) => ValueTask.FromResult(SqliteLockFile.IsHeld(path, name));

    /// <summary>
    /// A file has no server that could end somebody's connection: its write lock is only ever held for one short transaction.
    /// </summary>
    public ValueTask<bool> TerminateAsync(string backend, CancellationToken ct) => ValueTask.FromResult(false);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static SqliteFile Open(string path, SqliteOptions options)
    {
        var file = SqliteFile.Open(path, SqliteAccess.Create, options.Busy);
        try
        {
            // Only a file that is still empty takes it: half as many pages make half as many writes, and a copy a tenth faster.
            file.Execute("pragma page_size = 8192");
            file.PreferLog();
            // Losing power must not take back a commit that was reported: https://www.sqlite.org/pragma.html#pragma_synchronous
            file.Execute("pragma synchronous = full");
            file.Execute("pragma cache_size = -16384");
            // In pages; the log is then as long whatever the file's page size is.
            var pages = CheckpointBytes / Math.Max(512, file.Number("pragma page_size"));
            file.Execute(FormattableString.Invariant($"pragma wal_autocheckpoint = {pages}"));
            file.Execute("pragma journal_size_limit = 67108864");
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
