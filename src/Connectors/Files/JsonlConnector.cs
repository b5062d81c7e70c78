using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Files;

/// <summary>JSON Lines files as a source and a target. <c>jsonl:logs/?types=at:timestamptz</c>. Stateless and thread-safe.</summary>
public sealed class JsonlConnector : Connector, IReadsTables, IWritesTables, IListsTables
{
    public override ConnectorSpec Spec { get; } = new()
    {
        Name = "JSON Lines",
        Schemes = ["jsonl"],
        Description = "JSON Lines files, plain or gzip: a file is a table, and so is a folder of files alike.",
        Options = FilesOptions.JsonlSpecs,
        Limits = FilesOptions.Limits,
    };

    public override async ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) =>
        await Task.Run(() => FilesProbe.Look(request), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<Discovery> DiscoverAsync(Endpoint at, TablePattern pattern, CancellationToken ct) =>
        await Task.Run(() => FilesProbe.Discover(at, pattern), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await Task.Run(() => new FilesSource(new FilesCatalog(at)), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        ValueTask.FromResult<ISink>(new TransactionalSink(new FilesDatabase(at, context), context));
}
