using System.Text;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>Files of every make as rows, and what is none as a reject with its place.</summary>
public sealed class FilesReadTests : IDisposable
{
    private readonly FilesFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16le")]
    [InlineData("utf-16be")]
    [InlineData("gbk")]
    [InlineData("gb18030")]
    public async Task Every_encoding_gives_the_same_rows(string encoding)
    {
        var text = "编号,名称\r\n1,\"北京\n|\\ 丁\"\r\n2,棘爪\r\n";
        folder.Write("t.csv", text, FileEncoding.Find(encoding)!.Decoder);
        var (rows, broken) = await folder.ReadAsync("t", options: ("encoding", encoding));
        Assert.Equal(["""{"编号":"1","名称":"北京\n|\\ 丁"}""", """{"编号":"2","名称":"棘爪"}"""], rows);
        Assert.Empty(broken);
    }

    [Fact]
    public async Task A_byte_order_mark_says_the_encoding_and_is_no_part_of_the_first_name()
    {
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            folder.Write("t.csv", [.. encoding.Preamble, .. encoding.GetBytes("id,v\n1,🦀\n")]);
            Assert.Equal(["{\"id\":\"1\",\"v\":\"\\uD83E\\uDD80\"}"], (await folder.ReadAsync("t", options: ("encoding", "gbk"))).Rows);
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_text_make_a_record_no_row()
    {
        folder.Write("t.csv", [.. "id,v\n1,a\n2,"u8, 0xC3, 0x28, .. "\n3,c\n"u8]);
        var (rows, broken) = await folder.ReadAsync("t");
        Assert.Equal(2, rows.Count);
        Assert.Equal(["t.csv:3: bytes that are no text in the encoding of the file"], broken);

        folder.Write("t.csv", [.. "id,v\n1,a\n2,"u8, 0x81, 0x0A, .. "3,c\n4,"u8, 0xFF, 0xFF, .. "x\n"u8]);
        (rows, broken) = await folder.ReadAsync("t", options: ("encoding", "gbk"));
        Assert.Equal(["""{"id":"1","v":"a"}""", """{"id":"3","v":"c"}"""], rows);
        Assert.Equal(2, broken.Count);

        folder.Write("t.csv", [.. Encoding.Unicode.GetBytes("id,v\n1,"), 0x00, 0xD8, .. Encoding.Unicode.GetBytes("\n2,b\n"), 0x41]);
        (rows, broken) = await folder.ReadAsync("t", options: ("encoding", "utf-16le"));
        Assert.Equal(["""{"id":"2","v":"b"}"""], rows);
        Assert.Equal(2, broken.Count);
    }

    [Fact]
    public async Task Records_that_are_no_rows_are_told_with_file_and_line()
    {
        folder.Write("t.csv", "id,v\n1,\"two\nlines\"\n2\n3,c,d\n\n4,\"x\"y\n5,e\n");
        var (rows, broken) = await folder.ReadAsync("t");
        Assert.Equal(["""{"id":"1","v":"two\nlines"}""", """{"id":"5","v":"e"}"""], rows);
        Assert.Equal(["t.csv:4: 1 fields where the table has 2 columns", "t.csv:5: 3 fields where the table has 2 columns",
            "t.csv:7: something stands between a closing quote and the next delimiter"], broken);
    }

    [Fact]
    public async Task Headers_come_from_the_file_from_the_address_or_from_nowhere()
    {
        folder.Write("t.csv", "a,b\n1,2\n");
        Assert.Equal(["""{"a":"1","b":"2"}"""], (await folder.ReadAsync("t")).Rows);
        Assert.Equal(["""{"c1":"a","c2":"b"}""", """{"c1":"1","c2":"2"}"""], (await folder.ReadAsync("t", options: ("header", "no"))).Rows);
        Assert.Equal(["""{"x":"a","y":"b"}""", """{"x":"1","y":"2"}"""], (await folder.ReadAsync("t", options: ("header", "x,y"))).Rows);
        folder.Write("t.csv", "a,a\n1,2\n");
        Assert.Equal(Codes.ColumnClash, (await Assert.ThrowsAsync<PawlException>(() => folder.ReadAsync("t"))).Code);
    }

    [Fact]
    public async Task A_folder_is_a_table_of_its_files_in_name_order_matched_by_column_names()
    {
        folder.Write("log/2.csv", "b,a\n2,1\n");
        folder.Write("log/1.csv.gz", FilesFolder.Gzip("a,b\n1,one\n"));
        folder.Write("log/.hidden.csv", "a,b\nx,x\n");
        folder.Write("log/readme.txt", "no data");
        folder.Write("alone.csv", "id\n1\n");
        Assert.Equal(["""{"a":"1","b":"one"}""", """{"a":"1","b":"2"}"""], (await folder.ReadAsync("log")).Rows);
        folder.Write("log/3.csv", "a,c\n1,2\n");
        Assert.Equal(Codes.SchemaChanged, (await Assert.ThrowsAsync<PawlException>(() => folder.ReadAsync("log"))).Code);
        await using var source = await folder.OpenAsync();
        Assert.Equal(["alone", "log"], (await source.DescribeAsync(new TablePattern("*"), default)).Select(t => t.Name.Name));
    }

    [Fact]
    public async Task Two_files_of_one_table_name_are_refused_and_links_are_not_followed()
    {
        folder.Write("t.csv", "id\n1\n");
        File.CreateSymbolicLink(Path.Combine(folder.Root, "link.csv"), Path.Combine(folder.Root, "t.csv"));
        await using var source = await folder.OpenAsync();
        Assert.Equal(["t"], (await source.DescribeAsync(new TablePattern("*"), default)).Select(t => t.Name.Name));
        folder.Write("t.csv.gz", FilesFolder.Gzip("id\n1\n"));
        var thrown = await Assert.ThrowsAsync<PawlException>(() => source.DescribeAsync(new TablePattern("*"), default).AsTask());
        Assert.Equal(Codes.OptionInvalid, thrown.Code);
    }

    [Fact]
    public async Task A_gzip_of_several_members_is_read_whole_and_a_damaged_one_is_refused()
    {
        var text = "id,v\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},value {i * 7919 % 10_007}\n"));
        byte[] whole = [.. FilesFolder.Gzip(text[..90_001]), .. FilesFolder.Gzip(""), .. FilesFolder.Gzip(text[90_001..])];
        folder.Write("t.csv.gz", whole);
        Assert.Equal(20_000, (await folder.ReadAsync("t")).Rows.Count);
        byte[][] damaged = [whole[..^1], whole[..^9], whole[..(whole.Length / 2)], [.. whole, .. "junk"u8], [.. whole, 0x1F, 0x8B]];
        foreach (var bytes in damaged)
        {
            folder.Write("t.csv.gz", bytes);
            Assert.Equal(Codes.FileDamaged, (await Assert.ThrowsAsync<PawlException>(() => folder.ReadAsync("t"))).Code);
        }
    }

    [Fact]
    public async Task Declared_types_are_read_and_what_does_not_fit_is_carried_as_it_is()
    {
        folder.Write("t.csv", """
            id,amount,at,on,ok,u,r,j,b,n
            1,12.50,2026-01-31 23:59:59.5,2026-02-28,true,00000000-0000-0000-0000-0000000000ff,1.5,"{""a"":1}",\x00ff,007
            -2,+0.5,2026-01-31T08:00:00+08:00,2024-02-29,f,,1e3,null,,-0
            x,1.234,2026-01-31 24:00:00,2026-02-29,yes,nil,1e999,{,zz,1.0
            ,,,,,,,,,

            """);
        var (rows, broken) = await folder.ReadAsync("t", options: ("types",
            "id:bigint,amount:decimal(5,2),at:timestamptz,on:date,t.ok:bool,u:uuid,r:double,j:json,b:bytes,n:int"));
        Assert.Empty(broken);
        Assert.Equal("""{"id":-2,"amount":"0.5","at":"2026-01-31T00:00:00Z","on":"2024-02-29","ok":fal"""
            + """se,"u":null,"r":1000,"j":"null","b":null,"n":0}""",
            rows[1]);
        Assert.Equal("""{"id":1,"amount":"12.50","at":{"$text":"2026-01-31 23:59:59.5"}"""
            + ""","on":"2026-02-28","ok":true,"u":"00000000-0000-0000-0000-00000000"""
            + """00ff","r":1.5,"j":"{\"a\":1}","b":"AP8=","n":7}""",
            rows[0]);
        Assert.Equal("""{"id":"x","amount":{"$text":"1.234"},"at":{"$text":"2026-01-31 24:00:00"},"on":{"$text":"2026-02-29"}"""
            + ""","ok":"yes","u":{"$text":"nil"},"r":{"$text":"1e999"}"""
            + ""","j":{"$text":"{"},"b":{"$text":"zz"},"n":"1.0"}""",
            rows[2]);
        Assert.DoesNotContain("$", rows[3]);
    }

    [Fact]
    public async Task Json_lines_are_columns_by_member_name()
    {
        folder.Write("t.jsonl", """
            {"id": 1, "v": "a\"b", "x": {"k": [1, 2]}}
            {"v": null, "id": 1e2}

            {"id": 3, "v": "\ud83e\udd80", "x": true}
            """ + "\n");
        var (rows, broken) = await folder.ReadAsync("t", "jsonl");
        Assert.Equal(["""{"id":"1","v":"a\"b","x":"{\"k\": [1, 2]}"}""", """{"id":"1e2","v":null,"x":null}""",
            "{\"id\":\"3\",\"v\":\"\\uD83E\\uDD80\",\"x\":\"true\"}"], rows);
        Assert.Empty(broken);
    }

    [Fact]
    public async Task Json_that_is_no_row_is_told_with_file_and_line()
    {
        folder.Write("t.jsonl", "{\"id\":1}\n{\"id\":\n[1]\n" + "{\"id\":1,\"id\":2}\n{\"id\":1} x\n"
            + "{\"id\":\"\\ud800\"}\n{\"other\":1}\n{\"id\":2}\n");
        var (rows, broken) = await folder.ReadAsync("t", "jsonl", ("columns", "id"));
        Assert.Equal(["""{"id":"1"}""", """{"id":"2"}"""], rows);
        Assert.Equal(["t.jsonl:2", "t.jsonl:3", "t.jsonl:4", "t.jsonl:5", "t.jsonl:6", "t.jsonl:7"],
            broken.Select(b => string.Join(':', b.Split(':').Take(2))));
    }

    [Theory]
    [InlineData("delimiter", ",,")]
    [InlineData("delimiter", "\"")]
    [InlineData("quote", "中")]
    [InlineData("types", "id")]
    [InlineData("types", "id:whatever")]
    [InlineData("types", "id:decimal(2,3)")]
    [InlineData("encoding", "ebcdic")]
    [InlineData("key", "a,,b")]
    [InlineData("columns", "a")]
    public async Task Wrong_options_are_refused(string name, string value)
    {
        var thrown = await Assert.ThrowsAsync<PawlException>(() => folder.OpenAsync((name, value)));
        Assert.True(thrown.Code is Codes.OptionInvalid or Codes.OptionUnknown);
    }
}
