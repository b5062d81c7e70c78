using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>What becomes of a plan when its file is not as it was: it goes on where that is right, and is refused where it is not.</summary>
public sealed class FilesResumeTests : IDisposable
{
    private const int Rows = 3_000;
    private static readonly string Text = "id,v\n" + Lines(0, Rows);
    private readonly FilesFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_that_grows_is_read_up_to_the_size_it_had_when_it_was_planned()
    {
        folder.Write("t.csv", Text);
        var read = await BeginAsync("t");
        folder.Append("t.csv", Lines(Rows, 10));
        Assert.Equal(Rows, await read.FinishAsync());
    }

    [Fact]
    public async Task Half_a_record_at_the_planned_end_is_left_when_the_rest_of_it_came_later()
    {
        folder.Write("t.csv", Text + "3000,hal");
        var read = await BeginAsync("t");
        folder.Append("t.csv", "f and more\n3001,next\n");
        Assert.Equal(Rows, await read.FinishAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\n3001,next\n")]
    public async Task A_last_record_without_a_line_end_is_read_when_it_is_whole(string later)
    {
        folder.Write("t.csv", Text + "3000,whole");
        var read = await BeginAsync("t");
        folder.Append("t.csv", later);
        Assert.Equal(Rows + 1, await read.FinishAsync());
    }

    [Fact]
    public async Task An_open_quote_at_the_planned_end_is_half_a_record_in_a_file_that_grew_and_a_broken_one_in_a_file_that_did_not()
    {
        folder.Write("t.csv", Text + "3000,\"two\nli");
        var read = await BeginAsync("t");
        Assert.Equal(Rows + 1, await read.FinishAsync());
        Assert.Equal(1, read.Broken);
        read = await BeginAsync("t");
        folder.Append("t.csv", "nes\"\n");
        Assert.Equal(Rows, await read.FinishAsync());
        Assert.Equal(0, read.Broken);
    }

    [Theory]
    [InlineData("a.csv", false)]
    [InlineData("a.csv", true)]
    [InlineData("a.csv.gz", false)]
    [InlineData("a.csv.gz", true)]
    public async Task A_moved_file_is_found_by_what_it_is(string name, bool another)
    {
        var path = folder.Write("log/" + name, name == "a.csv" ? System.Text.Encoding.UTF8.GetBytes(Text) : FilesFolder.Gzip(Text));
        var read = await BeginAsync("log");
        File.Move(path, path + ".1");
        if (another) folder.Write("log/a.csv", "id,v\n9,other\n");
        Assert.Equal(Rows, await read.FinishAsync());
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("rewritten")]
    [InlineData("replaced")]
    [InlineData("removed")]
    [InlineData("changed before the place to go on from")]
    [InlineData("changed at the end")]
    public async Task A_file_that_is_not_what_was_read_is_refused(string how)
    {
        foreach (var name in new[] { "t.csv", "t.csv.gz" })
        {
            byte[] content = name == "t.csv" ? [.. System.Text.Encoding.UTF8.GetBytes(Text)] : FilesFolder.Gzip(Text);
            var path = folder.Write(name, content);
            var read = await BeginAsync("t");
            var changed = (byte[])content.Clone();
            switch (how)
            {
                case "truncated":
                    using (var file = File.OpenWrite(path)) file.SetLength(content.Length - 1);
                    break;
                case "rewritten":
                    Array.Reverse(changed);
                    Overwrite(path, changed);
                    break;
                case "replaced":
                    File.WriteAllBytes(path + ".new", content);
                    File.Move(path + ".new", path, overwrite: true);
                    break;
                case "removed": File.Delete(path); break;
                case "changed at the end":
                    changed[^2] ^= 1;
                    Overwrite(path, changed);
                    break;
                // Of a gzip the first bytes tell; of plain ones those before the place.
                default:
                    changed[name == "t.csv" ? (int)FilePosition.Read(read.After!).Offset - 2 : 100] ^= 1;
                    Overwrite(path, changed);
                    break;
            }
            var thrown = await Assert.ThrowsAsync<PawlException>(() => read.FinishAsync());
            Assert.True(thrown is { Code: Codes.FileReplaced, Fault: Fault.PositionLost }, thrown.Message);
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_file_that_is_cut_short_while_it_is_read_is_refused_before_its_end_is_taken_for_one()
    {
        var path = folder.Write("t.csv", Text + Lines(Rows, 200_000));
        await using var source = await folder.OpenAsync();
        var table = await FilesFolder.TableAsync(source, "t");
        var split = Assert.Single(await source.PlanAsync(table, new ReadOptions(), default));
        var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
        {
            await foreach (var e in source.ReadAsync(table, new ReadOptions(), split, null, null, new BatchBudget(100, 1 << 20), default))
            {
                (e as RowsEvent)?.Batch.Dispose();
                using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                if (file.Length > 3_000) file.SetLength(3_000);
            }
        });
        Assert.Equal(Codes.FileReplaced, thrown.Code);
    }

    [Fact]
    public async Task Other_options_are_another_table()
    {
        folder.Write("t.csv", Text);
        await using var first = await folder.OpenAsync();
        await using var second = await folder.OpenAsync(("quote", "none"));
        Assert.NotEqual((await FilesFolder.TableAsync(first, "t")).Identity, (await FilesFolder.TableAsync(second, "t")).Identity);
        folder.Append("t.csv", Lines(Rows, 10));
        await using var third = await folder.OpenAsync();
        Assert.Equal((await FilesFolder.TableAsync(first, "t")).Identity, (await FilesFolder.TableAsync(third, "t")).Identity);
    }

    [Theory]
    [InlineData("sqlite.key/1", "5:1:aa:1-1:t.csv")]
    [InlineData("files.byte/1", "5:1:aa:1-1")]
    [InlineData("files.byte/1", "x:1:aa:1-1:t.csv")]
    [InlineData("files.byte/1", "end:-1:aa:1-1:t.csv")]
    public void A_position_that_cannot_be_read_says_so(string codec, string text)
    {
        var thrown = Assert.Throws<PawlException>(() => FilePosition.Read(new Position(codec, text)));
        Assert.Equal(Codes.PositionUnreadable, thrown.Code);
    }

    [Fact]
    public void Positions_come_back_as_they_were_whatever_the_path()
    {
        foreach (var path in new[] { "t.csv", "log/a:b%c.csv", "中文\n.csv", "%0A.csv" })
        {
            var behind = new FilePosition(path, "12-3.4", 17, 2, 0, "00ff");
            var end = new FilePosition(path, "12-3.4", -1, 0, 99, "00ff-11ee");
            Assert.Equal(behind, FilePosition.Read(behind.Write()));
            Assert.Equal(end, FilePosition.Read(end.Write()));
            Assert.DoesNotContain(behind.Write().Text, char.IsControl);
        }
    }

    private static string Lines(int from, int count) =>
        string.Concat(Enumerable.Range(from, count).Select(i => $"{i},value {i * 7919 % 10_007}\n"));

    /// <summary>In place: the file stays the same one.</summary>
    private static void Overwrite(string path, byte[] bytes)
    {
        using var file = File.OpenWrite(path);
        file.Write(bytes);
    }

    /// <summary>Plans a table and reads the first half of it.</summary>
    private async Task<Reading> BeginAsync(string name)
    {
        await using var source = await folder.OpenAsync();
        var table = await FilesFolder.TableAsync(source, name);
        var reading = new Reading(folder, table, Assert.Single(await source.PlanAsync(table, new ReadOptions(), default)));
        await reading.ReadAsync(source, Rows / 2);
        return reading;
    }

    private sealed class Reading(FilesFolder folder, TableSchema table, Split split)
    {
        private int rows;

        public Position? After { get; private set; }
        public int Broken { get; private set; }

        public async Task ReadAsync(ISource source, int most)
        {
            await foreach (var e in source.ReadAsync(table, new ReadOptions(), split, After, null, new BatchBudget(500, 1 << 20), default))
            {
                Broken += (e as RejectsEvent)?.Rejected.Count ?? 0;
                rows += (e as RejectsEvent)?.Rejected.Count ?? 0;
                if (e is RowsEvent arrived)
                {
                    using var batch = arrived.Batch;
                    for (var row = 0; row < batch.Rows; row++) Assert.Equal($"{rows++}", System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[0])[row]));
                }
                After = e.Commit ?? After;
                if (rows >= most) return;
            }
        }

        /// <summary>Rows and broken records in all.</summary>
        public async Task<int> FinishAsync()
        {
            await using var source = await folder.OpenAsync();
            await ReadAsync(source, int.MaxValue);
            return rows;
        }
    }
}
