using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Docs;

/// <summary>The matrix of a README says of each connector the program has what that connector says of itself.</summary>
public sealed class ConnectorMatrixTests
{
    private const string None = "–";

    [Theory]
    [InlineData("README.md", false)]
    [InlineData("README.zh-CN.md", true)]
    public async Task The_matrix_lists_every_connector_with_its_roles_guarantees_and_limits(string readme, bool chinese)
    {
        string In(string english, string inChinese) => chinese ? inChinese : english;
        var rows = Rows(readme, In("Connectors", "连接器"));
        var connectors = new ConnectorScan().All;
        Assert.NotEmpty(connectors);
        Assert.Equal(connectors.Count, rows.Count);
        foreach (var (connector, row) in connectors.Zip(rows))
        {
            Assert.Equal(7, row.Length);
            var spec = connector.Spec;
            Assert.StartsWith($"[{spec.Name}", row[0]);
            Assert.EndsWith($"(docs/connectors/{spec.Schemes[0]}{In("", ".zh-CN")}.md)", row[0]);
            Assert.Equal(connector is IReadsTables, row[1].Contains(In("tables", "表")));
            Assert.Equal(connector is IFollowsChanges, row[1].Contains(In("changes", "变更")));
            string[] modes = [.. new[] { "insert", spec.Limits.Upsert ? "upsert" : "", "append", spec.Limits.Replace ? "replace" : "" }
                .Where(m => m.Length > 0)];
            Assert.Equal(connector is IWritesTables ? string.Join(In(", ", "、"), modes) : None, row[2]);
            Assert.Equal(connector is IKeepsHistory ? In("yes", "是") : None, row[3]);
            Assert.Equal(await DeliveryAsync(connector, chinese), row[4]);
            Assert.Equal(spec.Limits.MaxWriters == 1, row[6].Contains(In("one writer at a time", "同时只有一个写者")));
        }
    }

    private static List<string[]> Rows(string readme, string heading) =>
    [
        .. File.ReadLines(Path.Combine(PawlProgram.Root, readme)).SkipWhile(l => l != $"## {heading}").Skip(1)
            .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Where(l => l.StartsWith('|')).Skip(2).Select(PageTable.Cells),
    ];

    /// <summary>What the connector's sink promises of each way to write it has.</summary>
    private static async Task<string> DeliveryAsync(Connector connector, bool chinese)
    {
        if (connector is not IWritesTables writes) return None;
        using var scratch = new Scratch();
        var at = new Endpoint { Scheme = connector.Spec.Schemes[0], Host = "127.0.0.1", Path = scratch.At("target") };
        await using var sink = await writes.OpenSinkAsync(at, new OpenContext(TimeProvider.System, new IdSource(new Random(1)),
            NoCrashPoints.Instance), TestContext.Current.CancellationToken);
        var limits = connector.Spec.Limits;
        WriteMode[] modes = [WriteMode.Insert, WriteMode.Append, .. limits.Replace ? [WriteMode.Replace] : Array.Empty<WriteMode>(),
            .. limits.Upsert ? [WriteMode.Upsert] : Array.Empty<WriteMode>()];
        return string.Join(chinese ? "、" : ", ", modes.GroupBy(mode => sink.GuaranteeFor(Plan(mode))).Select(same =>
        {
            var names = string.Join(chinese ? "、" : ", ", same.Select(mode => mode.ToString().ToLowerInvariant()));
            return chinese ? $"{Chinese(same.Key)}（{names}）" : $"{RunResult.Words(same.Key)} ({names})";
        }));
    }

    private static string Chinese(Guarantee guarantee) => guarantee switch
    {
        Guarantee.OncePerRow => "每行一次",
        Guarantee.ConvergesByKey => "按键收敛",
        Guarantee.OncePerPublishedUnit => "每个单元一次",
        _ => "至少一次",
    };

    private static TablePlan Plan(WriteMode mode)
    {
        var name = new TableName(null, "orders");
        var schema = Plans.Schema(Plans.OrderTable(), name);
        return new TablePlan
        {
            Source = name,
            Target = name,
            Generation = 1,
            SourceSchema = schema,
            TargetSchema = schema,
            Read = new ReadOptions(),
            Splits = [],
            Write = mode,
            ResultHash = "hash",
            SourceIdentity = new SourceIdentity("source", "source"),
        };
    }
}
