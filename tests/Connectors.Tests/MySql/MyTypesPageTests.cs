using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>TYPES.md says what is so: every row of its reading table is tried on a server.</summary>
public sealed class MyTypesPageTests
{
    /// <summary>What the page's general words stand for.</summary>
    private static readonly Dictionary<string, string> Samples = new()
    {
        ["decimal(p,s)"] = "decimal(12,3)", ["varchar(n)"] = "varchar(7)", ["char(n)"] = "char(7)", ["binary(n)"] = "binary(7)",
        ["varbinary(n)"] = "varbinary(7)", ["datetime(p)"] = "datetime(6)", ["timestamp(p)"] = "timestamp(6) null", ["time(p)"] = "time(6)",
    };

    [Fact]
    public async Task The_types_of_the_reading_table_are_read_as_it_says()
    {
        var stated = new List<(string Type, string Logical)>();
        foreach (var row in Rows())
        {
            var (types, logical) = (Words(row[0]), Words(row[1]));
            for (var i = 0; i < types.Count; i++)
            {
                stated.Add((Samples.GetValueOrDefault(types[i], types[i]), logical.Count == types.Count ? logical[i] : logical[^1]));
            }
        }
        Assert.True(stated.Count > 40, string.Join('\n', stated));
        await using var fixture = await MyFixture.NewAsync();
        var columns = stated.Select((s, i) => FormattableString.Invariant($"c{i} {s.Type}"));
        await fixture.RunAsync($"create table t ({string.Join(", ", columns)})");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var wrong = new List<string>();
        foreach (var (row, i) in stated.Select((s, i) => (s, i)))
        {
            var said = row.Logical.Replace("(n)", "(7)", StringComparison.Ordinal).Replace("(p)", "(6)", StringComparison.Ordinal)
                .Replace("(p,s)", "(12,3)", StringComparison.Ordinal);
            if (table.Columns[i].Type.ToString() != said) wrong.Add($"{row.Type} is read as {table.Columns[i].Type}, the page says {said}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static List<string[]> Rows()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "test.sh"))) at = Path.GetDirectoryName(at) ?? throw new DirectoryNotFoundException(at);
        return
        [
            .. File.ReadLines(Path.Combine(at, "src", "Connectors", "MySql", "TYPES.md")).SkipWhile(l => l != "## Reading").Skip(1)
                .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Where(l => l.StartsWith('|')).Skip(2)
                .Select(l => l.Split('|')[1..^1].Select(c => c.Trim()).ToArray()),
        ];
    }

    /// <summary>A list's words; a comma in parentheses divides nothing.</summary>
    private static List<string> Words(string list)
    {
        var words = new List<string> { "" };
        var depth = 0;
        foreach (var c in list)
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth == 0) words.Add("");
            else words[^1] += c;
        }
        // An enum and a set need words of their own.
        return [.. words.Select(w => w.Trim() is "enum" or "set" ? w.Trim() + "('a')" : w.Trim())];
    }
}
