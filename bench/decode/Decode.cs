using System.Globalization;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Telemetry;
using Pawl.Model;

// Reads one table into batches by the MySQL connector, as a run does, and drops them: what bench/mysql.sh measures as "decode".
//   pawl-decode SOCKET DATABASE TABLE
// Prints "rows sum lengths", which the server can be asked for too, a tab, and the managed bytes allocated per row in steady state.
if (args is not [var socket, var database, var name])
{
    Console.Error.WriteLine("usage: pawl-decode SOCKET DATABASE TABLE");
    return 2;
}
// The commit and the batch of a job that says nothing else.
const int BatchRows = 3_846;
const long BatchBytes = 4 << 20;
// The first batches fill the pools.
const int Settled = 50;

var at = new Endpoint
{
    Scheme = "mysql", Host = "localhost", User = "root", Path = database, Options = new Dictionary<string, string> { ["socket"] = socket },
};
var context = new OpenContext(TimeProvider.System, new IdSource(new Random(1)), NoCrashPoints.Instance);
await using var source = await new MySqlConnector().OpenSourceAsync(at, context, CancellationToken.None);
var table = (await source.DescribeAsync(new TablePattern($"{database}.{name}"), CancellationToken.None)).Single();
var read = new ReadOptions();
var splits = await source.PlanAsync(table, read, CancellationToken.None);

long rows = 0, sum = 0, lengths = 0, batches = 0;
var (first, last) = (Mark(), Mark());
foreach (var split in splits)
{
    var budget = new BatchBudget(BatchRows, BatchBytes);
    await foreach (var some in source.ReadAsync(table, read, split, null, null, budget, CancellationToken.None))
    {
        using var batch = ((RowsEvent)some).Batch;
        Add(batch);
        rows += batch.Rows;
        if (++batches == Settled) first = Mark();
        // One batch is read ahead: behind the last of them lies the end of the statement.
        last = Mark();
    }
}
var perRow = last.Rows > first.Rows && batches > Settled ? (double)(last.Bytes - first.Bytes) / (last.Rows - first.Rows) : double.NaN;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} {sum} {lengths}\t{perRow:0.00}"));
return 0;

(long Rows, long Bytes) Mark() => (rows, GC.GetTotalAllocatedBytes(precise: false));

// Every cell is looked at, at the price of a sum.
void Add(RowBatch batch)
{
    foreach (var column in batch.Columns)
    {
        switch (column)
        {
            case Int64Column { Schema.Type.Kind: TypeKind.Integer or TypeKind.UnsignedInteger or TypeKind.Bool } whole:
                foreach (var value in whole.Values) sum += value;
                break;
            case BytesColumn bytes:
                lengths += bytes.Data.Length;
                break;
            default:
                break;
        }
    }
}
