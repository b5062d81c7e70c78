using System.Security.Cryptography;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>What a look at a file finds, and that it is no more than a look.</summary>
public sealed class SqliteProbeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pawl-probe-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Make(string name, params string[] statements)
    {
        var path = Path.Combine(folder, name);
        using var file = SqliteFile.Open(path, SqliteAccess.Create, TimeSpan.FromSeconds(1));
        foreach (var statement in statements) file.Execute(statement);
        return path;
    }

    private static async Task<ProbeReport> LookAsync(string path, ProbeRole role, long incoming = -1) =>
        await new SqliteConnector().ProbeAsync(new ProbeRequest(new Endpoint { Scheme = "sqlite", Path = path, Display = $"sqlite:{path}" })
        {
            Role = role, IncomingBytes = incoming,
        }, default);

    private string[] Folder() => [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)
        .Select(f => $"{f} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}")];

    [Theory]
    [InlineData("pragma journal_mode = wal")]
    [InlineData("pragma journal_mode = delete")]
    public async Task A_look_leaves_the_folder_as_it_is(string journal)
    {
        var path = Make("a %?#.db", journal, "create table t (id integer primary key)", "insert into t values (1)");
        var before = Folder();
        foreach (var role in Enum.GetValues<ProbeRole>())
        {
            Assert.True((await LookAsync(path, role)).Reachable);
            var absent = await LookAsync(Path.Combine(folder, "new.db"), role);
            Assert.Equal(role != ProbeRole.Source, absent.Reachable);
        }
        Assert.Equal(before, Folder());
    }

    [Fact]
    public async Task A_source_tells_its_size_and_the_tables_that_cannot_go_on()
    {
        var path = Make("a.db", "create table t (id integer primary key)", "create table n (rowid, _rowid_, oid)",
            "create table f (x real primary key) without rowid");
        var report = await LookAsync(path, ProbeRole.Source);
        Assert.True(report.Bytes >= 4 * 512);
        Assert.Equal([Codes.KeyUnfit], report.Findings.Where(f => f.Level == FindingLevel.Broken).Select(f => f.Code));
        Assert.Equal("n", report.Findings.Single(f => f.Code == FindingCodes.Keyless).Details["tables"]);
    }

    [Fact]
    public async Task A_target_that_cannot_hold_what_comes_is_told()
    {
        var path = Path.Combine(folder, "new.db");
        Assert.Equal(FindingLevel.Warning, (await LookAsync(path, ProbeRole.Target, long.MaxValue / 2)).Findings
            .Single(f => f.Code == FindingCodes.SpaceShort).Level);
        Assert.Contains((await LookAsync(path, ProbeRole.Target, 1)).Findings, f => f.Code == FindingCodes.Space);
    }

    [Fact]
    public async Task What_is_no_place_for_a_database_is_told()
    {
        Assert.Equal(Codes.FileIsDirectory, Assert.Single((await LookAsync(folder, ProbeRole.Target)).Findings).Code);
        var nowhere = await LookAsync(Path.Combine(folder, "no/such.db"), ProbeRole.Target);
        Assert.Equal(Codes.FileMissing, Assert.Single(nowhere.Findings).Code);
        var text = Path.Combine(folder, "text.db");
        await File.WriteAllTextAsync(text, new string('x', 4096));
        Assert.Equal(Codes.NotADatabase, Assert.Single((await LookAsync(text, ProbeRole.Source)).Findings).Code);
    }

    [Fact]
    public async Task A_file_is_discovered_with_its_tables_and_keys()
    {
        var path = Make("a.db", "create table k (a int, b int, primary key (b, a))", "create table r (v)", "insert into r values (1), (2)");
        var at = new Endpoint { Scheme = "sqlite", Path = path };
        var found = await new SqliteConnector().DiscoverAsync(at, new TablePattern("*"), default);
        Assert.Equal([("k", 0), ("r", 2)], found.Tables.Select(t => (t.Name.Name, (int)t.Rows)));
        Assert.Equal(KeyKind.RowId, found.Tables[1].Key);
    }

    [Fact]
    public async Task A_second_name_of_the_file_is_known_for_the_same_place()
    {
        var path = Make("a.db", "create table t (id integer primary key)");
        Assert.Equal(0, Link(path, Path.Combine(folder, "b.db")));
        var context = new OpenContext(TimeProvider.System, new IdSource(new Random(1)), Telemetry.NoCrashPoints.Instance);
        await using var source = await new SqliteConnector()
            .OpenSourceAsync(new Endpoint { Scheme = "sqlite", Path = path }, context, default);
        await using var sink = await new SqliteConnector()
            .OpenSinkAsync(new Endpoint { Scheme = "sqlite", Path = Path.Combine(folder, "b.db") }, context, default);
        Assert.Equal(await ((IKnowsPlace)source).PlaceAsync(default), await ((IKnowsPlace)sink).PlaceAsync(default));
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "link")]
    private static extern int Link(string from, string to);
}
