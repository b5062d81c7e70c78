using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Measures what the whole process allocates, so nothing else may run beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>The way of a row from the wire into a batch makes nothing that has to be collected.</summary>
[Collection(Alone.Name)]
public sealed class MyDecodeTests
{
    /// <summary>The commit and the batch of a job that says nothing else.</summary>
    private const int BatchRows = 3_846;
    private const long BatchBytes = 4 << 20;

    private const int Rows = 400_000;

    /// <summary>The first batches fill the pools.</summary>
    private const int Settled = 16;

    /// <summary>Batches that are measured together: one is read ahead, so that single ones cannot be told apart.</summary>
    private const int Together = 8;

    /// <summary>
    /// The smallest object has 24 bytes: one for every sixth row would be too many. What is made for a batch of 3 846 rows comes to less
    /// than half a byte of each.
    /// </summary>
    private const double MostBytesARow = 4;

    [Fact]
    public async Task Rows_of_twelve_usual_columns_are_decoded_without_objects()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("""
            create table orders (id bigint primary key, customer_id int not null, items int not null, amount decimal(12,2) not null,
              status varchar(20) not null, city varchar(40), note varchar(200), placed_at timestamp(6) not null, ship_on date,
              paid tinyint(1) not null, token uuid not null, details json)
            """, $$"""
            insert into orders select seq, (seq * 7919) % 100003 + 1, seq % 7 + 1, (seq % 999983) / 100,
              elt(seq % 5 + 1, 'new', 'paid', 'sent', 'done', 'back'), elt(seq % 4 + 1, '上海', '北京', '广州', null),
              concat('order ', seq, ' of many'), timestamp '2024-01-01 00:00:00' + interval seq * 1250000 microsecond,
              if(seq % 10 = 0, null, date '2024-01-01' + interval seq % 700 day), seq % 3 <> 0,
              insert(insert(md5(concat('token ', seq)), 13, 1, '4'), 17, 1, 'a'),
              if(seq % 8 = 0, null, concat('{"n": ', seq % 1000, ', "gift": ', if(seq % 2 = 0, 'true', 'false'), '}'))
              from seq_1_to_{{Rows}}
            """);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("orders");
        long rows = 0, batches = 0;
        (long Rows, long Bytes) from = default;
        var each = new List<double>();
        await foreach (var some in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(BatchRows, BatchBytes), TestContext.Current.CancellationToken))
        {
            using var batch = ((RowsEvent)some).Batch;
            rows += batch.Rows;
            if (++batches < Settled || batches % Together != 0) continue;
            var now = (rows, GC.GetTotalAllocatedBytes(precise: true));
            if (from.Rows > 0) each.Add((double)(now.Item2 - from.Bytes) / (now.rows - from.Rows));
            from = now;
        }
        Assert.Equal(Rows, rows);
        Assert.True(each.Count >= 8, $"measured {each.Count} times");
        // A collection empties the pools, which are then filled anew; what every row costs is in all of them.
        Assert.True(each.Min() < MostBytesARow, string.Join(", ", each.Select(e => FormattableString.Invariant($"{e:0.00}"))));
    }
}
