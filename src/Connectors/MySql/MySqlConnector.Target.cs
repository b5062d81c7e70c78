using Pawl.Contracts;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

public sealed partial class MySqlConnector : IWritesTables
{
    /// <inheritdoc/>
    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        ValueTask.FromResult<ISink>(new TransactionalSink(new MyDatabase(MyTargetOptions.Of(MyAddresses.Parse(at)), context), context));
}
