using Pawl.Connectors.Tests.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Crash;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>Makes the databases at the ends of a job.</summary>
internal static class Stores
{
    /// <summary>A new, empty target; its file, if it is one, in a folder of its own.</summary>
    public static async Task<TestStore> TargetAsync(StoreKind kind, Scratch scratch)
    {
        if (await ServerAsync(kind) is { } store) return store;
        Directory.CreateDirectory(scratch.At("out"));
        return new SqliteStore(scratch.At("out/target.db"));
    }

    /// <summary>A scenario's source, made and filled; trials only read it.</summary>
    public static async Task<TestStore> SourceAsync(KillScenario scenario, Scratch scratch)
    {
        if (await ServerAsync(scenario.From) is { } store)
        {
            await store.ExecuteAsync(scenario.Source);
            return store;
        }
        var file = scratch.At(scenario.Name + ".db");
        await Sqlite3.RunAsync(file, "pragma journal_mode = wal;\n" + scenario.Source);
        return new SqliteStore(file, readOnly: true);
    }

    /// <summary>A new database of a shared server; null where the kind is a file.</summary>
    private static async Task<ServerStore?> ServerAsync(StoreKind kind) => kind switch
    {
        StoreKind.Postgres15 => await PgStore.CreateAsync(await PgServer.SharedAsync(15)),
        StoreKind.Postgres18 => await PgStore.CreateAsync(await PgServer.SharedAsync(18)),
        StoreKind.MariaDb => await MariaStore.CreateAsync(await MariaDbServer.SharedAsync()),
        _ => null,
    };
}
