using System.Text;
using Pawl.Conformance;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>What a target of files does where a database would have a transaction.</summary>
public sealed class FilesTargetTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_journal_that_was_cut_off_at_any_byte_ends_with_its_last_whole_line()
    {
        await using var fixture = new FilesSinkFixture("csv");
        await using (var runner = await SinkRunner.StartAsync(fixture)) await runner.BeginAsync(Plans.For(fixture, Plans.OrderTable()));
        var path = Path.Combine(fixture.Folder.Root, ".pawl", "journal");
        var whole = await File.ReadAllBytesAsync(path, Ct);
        var before = Encoding.UTF8.GetString(whole).TrimEnd('\n').LastIndexOf('\n') + 1;
        var (expected, last) = (Rows(path), whole.Length - before);
        await File.WriteAllBytesAsync(path, whole[..before], Ct);
        var shorter = Rows(path);
        Assert.NotEqual(expected, shorter);
        for (var cut = 0; cut < last; cut++)
        {
            await File.WriteAllBytesAsync(path, whole[..(before + cut)], Ct);
            Assert.Equal(shorter, Rows(path));
            Assert.Equal(before, new FileInfo(path).Length);
        }
        for (var at = before; at < whole.Length; at += 7)
        {
            var spoiled = whole.ToArray();
            spoiled[at] ^= 0x10;
            await File.WriteAllBytesAsync(path, spoiled, Ct);
            Assert.Equal(shorter, Rows(path));
        }
    }

    [Fact]
    public async Task A_journal_that_is_damaged_in_the_middle_is_refused_and_left_as_it_is()
    {
        await using var fixture = new FilesSinkFixture("csv");
        await using (var runner = await SinkRunner.StartAsync(fixture)) await runner.BeginAsync(Plans.For(fixture, Plans.OrderTable()));
        var path = Path.Combine(fixture.Folder.Root, ".pawl", "journal");
        var spoiled = await File.ReadAllBytesAsync(path, Ct);
        spoiled[60] ^= 1;
        await File.WriteAllBytesAsync(path, spoiled, Ct);
        Assert.Equal(Codes.LedgerInconsistent, Assert.Throws<PawlException>(() => Rows(path)).Code);
        Assert.Equal(spoiled, await File.ReadAllBytesAsync(path, Ct));
        await File.WriteAllTextAsync(path, "pawl journal 2\n", Ct);
        Assert.Equal(Codes.FormatTooNew, Assert.Throws<PawlException>(() => Rows(path)).Code);
    }

    [Fact]
    public async Task A_journal_is_rewritten_when_most_of_it_is_history_and_says_the_same()
    {
        await using var fixture = new FilesSinkFixture("csv");
        await using var runner = await SinkRunner.StartAsync(fixture);
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(Ct);
        var path = Path.Combine(fixture.Folder.Root, ".pawl", "journal");
        var text = new string('x', 100_000);
        for (var i = 0; i < 30; i++)
        {
            var said = ControlChange.Update(ControlTables.Job, [("runner", text + i)], new Condition("name", "conformance"));
            await session.ChangeAsync(said, Ct);
            // Whoever has it open finds what lies there now.
            Assert.Equal(WantedState.Run, await runner.Store.BeatAsync(runner.Lease, false, Ct));
        }
        Assert.True(new FileInfo(path).Length < 2_000_000, $"{new FileInfo(path).Length} bytes");
        var job = Assert.Single(await session.SelectAsync(new ControlSelect { Table = ControlTables.Job }, Ct));
        Assert.Equal(text + "29", job.Text("runner"));
        Assert.Equal(30, job.Number("tick"));
    }

    [Fact]
    public async Task A_writer_whose_lane_was_taken_while_it_wrote_publishes_nothing()
    {
        await using var fixture = new FilesSinkFixture("csv");
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plans.For(fixture, Plans.OrderTable());
        await runner.BeginAsync(plan);
        await using var old = await runner.OpenAsync(plan, 0);
        var stale = new SinkLane(old, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20));
        var written = await stale.WriteAsync(5);
        // Nobody waits for one who is in the middle of writing.
        await using var young = await runner.OpenAsync(plan, 0);
        var fenced = await Assert.ThrowsAsync<PawlException>(() => stale.CommitAsync(written));
        Assert.Equal((Fault.Fenced, Codes.Fenced), (fenced.Fault, fenced.Code));
        Assert.Empty(FilesSinkFixture.Parts(fixture.Folder.Root, "orders"));
        await new SinkLane(young, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20)).RunAsync(6);
        Assert.Equal(20, (await fixture.RowsAsync(plan.Target, ["id"])).Distinct().Count());
        Assert.Empty(Hidden(fixture));
    }

    [Fact]
    public async Task What_was_named_and_never_entered_in_the_books_goes_and_others_files_stay()
    {
        await using var fixture = new FilesSinkFixture("csv");
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using (var runner = await SinkRunner.StartAsync(fixture))
        {
            await runner.BeginAsync(plan);
            await using var writer = await runner.OpenAsync(plan, 0);
            await new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20)).RunAsync(5, commits: 2);
        }
        var parts = FilesSinkFixture.Parts(fixture.Folder.Root, "orders");
        Assert.Equal(2, parts.Length);
        // What a crash behind the renaming leaves, and one in the middle of writing.
        var orphan = parts[1].Replace("000002", "000003", StringComparison.Ordinal);
        File.Copy(parts[1], orphan);
        var half = Path.Combine(Path.GetDirectoryName(orphan)!, "." + Path.GetFileName(orphan) + ".tmp");
        File.Copy(parts[1], half);
        var foreign = Path.Combine(Path.GetDirectoryName(orphan)!, "part-ffffffff-g0001-s0000-000001.csv");
        await using (var runner = await SinkRunner.StartAsync(fixture))
        {
            await runner.Sink.PrepareAsync(plan, runner.Lease, Ct);
            Assert.Equal(parts, FilesSinkFixture.Parts(fixture.Folder.Root, "orders"));
            Assert.False(File.Exists(half), "half a part");
            File.Copy(parts[1], orphan);
            File.Copy(parts[1], foreign);
            await using (var writer = await runner.OpenAsync(plan, 0))
            {
                await new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20)).RunAsync(10);
            }
            await runner.Sink.FinishAsync(plan, runner.Lease, Ct);
        }
        Assert.True(File.Exists(foreign));
        File.Delete(foreign);
        Assert.Equal(20, (await fixture.RowsAsync(plan.Target, ["id"])).Distinct().Count());
        Assert.Equal(20, (await fixture.RowsAsync(plan.Target, ["id"])).Count);
        var success = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(orphan)!, "_SUCCESS"), Ct);
        Assert.StartsWith("{\"parts\":3,\"rows\":20,", success);
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("cut")]
    public async Task A_part_that_is_not_as_it_was_written_is_refused(string how)
    {
        await using var fixture = new FilesSinkFixture("csv");
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            await new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20)).RunAsync(5);
        }
        var part = FilesSinkFixture.Parts(fixture.Folder.Root, "orders")[1];
        if (how == "removed") File.Delete(part);
        else await File.WriteAllTextAsync(part, "id,note,amount\n", Ct);
        foreach (var step in new Func<Task>[] { async () => await runner.Sink.PrepareAsync(plan, runner.Lease, Ct),
            async () => await runner.Sink.FinishAsync(plan, runner.Lease, Ct) })
        {
            var refused = await Assert.ThrowsAsync<PawlException>(step);
            Assert.Equal((Fault.PositionLost, Codes.PartChanged, part), (refused.Fault, refused.Code, refused.Details["file"]));
        }
        // Begun anew, nothing of it stays.
        var next = plan with { Generation = 2 };
        await runner.Store.SavePlanAsync(runner.Lease, next, true, Ct);
        Assert.Empty(FilesSinkFixture.Parts(fixture.Folder.Root, "orders"));
        await runner.Sink.PrepareAsync(next, runner.Lease, Ct);
    }

    [Fact]
    public async Task A_folder_that_goes_away_is_told_of()
    {
        await using var fixture = new FilesSinkFixture("csv");
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        await using var writer = await runner.OpenAsync(plan, 0);
        var lane = new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), Plans.Orders(20));
        await lane.RunAsync(5, commits: 1);
        Directory.Delete(Path.Combine(fixture.Folder.Root, "orders"), recursive: true);
        Assert.Equal(Codes.TargetTruncated, (await Assert.ThrowsAsync<PawlException>(() => lane.WriteAsync(5))).Code);
        Assert.Equal(Codes.TargetTruncated,
            (await Assert.ThrowsAsync<PawlException>(async () => await runner.Sink.PrepareAsync(plan, runner.Lease, Ct))).Code);
        Directory.Delete(Path.Combine(fixture.Folder.Root, ".pawl"), recursive: true);
        var gone = await Assert.ThrowsAsync<PawlException>(async () => await runner.Store.BeatAsync(runner.Lease, false, Ct));
        Assert.Equal(Codes.FileMissing, gone.Code);
        // Another folder in its place knows nothing of this runner.
        await using (var other = await SinkRunner.StartAsync(fixture)) await other.ReleaseAsync();
        var fenced = await Assert.ThrowsAsync<PawlException>(async () => await runner.Store.BeatAsync(runner.Lease, false, Ct));
        Assert.Equal(Fault.Fenced, fenced.Fault);
    }

    [Fact]
    public void Folders_have_names_that_any_file_system_takes()
    {
        string[] odd = ["..", ".", "a/b", "a\\b", "../x", "a\0b", "nul", "NUL.txt", "_x", ".x", " x", "x ", "x.", "%2e", "a:b", "半角", "Ä",
            new string('x', 300), new string('x', 299) + "y", string.Concat(Enumerable.Repeat("棘", 90)), "s.t", "a%b", "🦀"];
        var folders = odd.Select(name => FilesNames.Folder(new TableName(null, name))).ToArray();
        Assert.Equal(odd.Length, folders.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(folders, folder =>
        {
            Assert.InRange(Encoding.UTF8.GetByteCount(folder), 1, 255);
            Assert.DoesNotContain(folder, c => c is '/' or '\\' or '\0' or ':');
            Assert.False(folder[0] is '.' or '_' or ' ' || folder[^1] is '.' or ' ', folder);
        });
        Assert.Equal("public.orders", FilesNames.Folder(new TableName("public", "orders")));
    }

    [Theory]
    [InlineData("encoding", "gbk")]
    [InlineData("header", "a,b")]
    [InlineData("files", "orders*.csv")]
    [InlineData("delimiter", "1")]
    [InlineData("null", "a,b")]
    [InlineData("compression", "zip")]
    public void An_option_that_a_target_cannot_keep_is_refused(string name, string value)
    {
        var at = FilesFolder.At(Path.GetTempPath(), "csv", (name, value));
        Assert.Equal(Codes.OptionInvalid, Assert.Throws<PawlException>(() => new FilesDatabase(at, FilesFolder.Context)).Code);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_a_target_is_told_of_before_anything_is_written()
    {
        using var folder = new FilesFolder();
        var file = folder.Write("orders.csv", "id\n1\n");
        Assert.Equal(Codes.FolderExpected, await FirstAsync(file));
        Assert.Equal(Codes.FolderExpected, await FirstAsync(Path.Combine(folder.Root, "new.csv")));
        Assert.Equal(Codes.FileMissing, await FirstAsync(Path.Combine(folder.Root, "no", "such")));
        var report = await new CsvConnector().ProbeAsync(new ProbeRequest(FilesFolder.At(Path.Combine(folder.Root, "out/")))
        {
            Role = ProbeRole.Target, IncomingBytes = long.MaxValue,
        }, Ct);
        Assert.True(report.Reachable);
        Assert.Contains(report.Findings, f => f.Code == FindingCodes.FileNew);
        Assert.Contains(report.Findings, f => f.Code == FindingCodes.SpaceShort);
        Assert.False(Directory.Exists(Path.Combine(folder.Root, "out")), "a look changes nothing");

        async Task<string> FirstAsync(string path)
        {
            await using var sink = await new CsvConnector().OpenSinkAsync(FilesFolder.At(path), FilesFolder.Context, Ct);
            await using var store = await sink.OpenLedgerAsync(Ct);
            var thrown = await Assert.ThrowsAsync<PawlException>(async () => await store.AcquireAsync(SinkRunner.Claim("x"), Ct));
            var probed = await new CsvConnector().ProbeAsync(new ProbeRequest(FilesFolder.At(path)) { Role = ProbeRole.Target }, Ct);
            Assert.Equal(thrown.Code, Assert.Single(probed.Findings).Code);
            return thrown.Code;
        }
    }

    /// <summary>All that a journal comes to, as text.</summary>
    private static string Rows(string path)
    {
        using var journal = new FilesJournal(path);
        journal.CatchUp();
        return string.Join('\n', ControlRows.Tables.SelectMany(t => journal.Rows.Of(t).OrderBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => $"{t.Name} {string.Join('|', r.Value)}")));
    }

    private static string[] Hidden(FilesSinkFixture fixture) => Directory.GetFiles(Path.Combine(fixture.Folder.Root, "orders"), ".part*");
}
