using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Engine;

/// <summary>What both ends of a job and the job between them look like.</summary>
/// <param name="Problems">What is wrong between job file and source: a table that is not there, two tables into one.</param>
/// <param name="Tables">Source table → target table, as far as they can be told.</param>
public sealed record JobExamination(ProbeReport Source, ProbeReport Target, IReadOnlyList<PawlException> Problems,
    IReadOnlyList<(TableName Source, TableName Target)> Tables);

/// <summary>Looks at both ends of a job for what would stop it, before it is run. Changes nothing. Thread-safe.</summary>
public sealed class JobExaminer(JobHost host)
{
    public async Task<JobExamination> ExamineAsync(JobSpec job, CancellationToken ct)
    {
        var limits = host.Connectors.For(job.Target).Spec.Limits;
        var problems = new List<PawlException>();
        var tables = await TablesAsync(job, limits, problems, ct);
        var source = await ProbeAsync(new ProbeRequest(job.Source)
        {
            Role = ProbeRole.Source, Lanes = job.Parallel, Tables = [.. tables.Select(t => t.Source)],
            OneSnapshot = job.Consistency == Consistency.OneSnapshot,
        }, ct);
        var target = await ProbeAsync(new ProbeRequest(job.Target)
        {
            Role = ProbeRole.Target, Lanes = Math.Min(job.Parallel, limits.MaxWriters), IncomingBytes = source.Bytes,
            Tables = [.. tables.Select(t => t.Target).DistinctBy(t => t.Name)],
        }, ct);
        // A source that cannot be opened says so itself, and nothing can be said of its tables.
        problems.RemoveAll(p => source.Findings.Any(f => f.Level == FindingLevel.Broken
            && (f.Code == p.Code || (f.Fault == Fault.Permission && p.Fault == Fault.Permission))));
        problems.RemoveAll(p => target.Findings.Any(f => f.Level == FindingLevel.Broken && f.Code == p.Code));
        return new JobExamination(source, target, problems, [.. tables.Select(t => (t.Source.Name, t.Target.Name))]);
    }

    private async Task<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct)
    {
        var connector = host.Connectors.For(request.At);
        var report = await connector.ProbeAsync(request, ct);
        var fits = request.Role == ProbeRole.Source ? connector is IReadsTables : connector is IWritesTables;
        var role = request.Role == ProbeRole.Source ? "source" : "target";
        return fits ? report : report with
        {
            Findings = [.. report.Findings, ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.SchemeUnknown,
                ("scheme", request.At.Scheme), ("role", role)))],
        };
    }

    private async Task<IReadOnlyList<(ProbeTable Source, ProbeTable Target)>> TablesAsync(JobSpec job, ConnectorLimits target,
        List<PawlException> problems, CancellationToken ct)
    {
        var tables = new List<(ProbeTable, ProbeTable)>();
        try
        {
            await using var source = await JobEnds.OpenSourceAsync(host, job.Source, ct, lookOnly: true);
            var matched = await TableCatalogue.MatchAsync(source, job, [], target, ct);
            problems.AddRange(matched.Where(m => m.Error is not null).Select(m => m.Error!));
            await CheckPlaceAsync(job, source, matched, problems, ct);
            foreach (var (rule, schema, _) in matched)
            {
                if (schema is null) continue;
                tables.Add((new ProbeTable(schema.Name) { Columns = Columns(rule, schema, problems), Cursor = rule.Cursor?.Options },
                    new ProbeTable(TableRules.TargetName(rule.Target, schema.Name, target))
                    {
                        Write = rule.Write, Create = job.CreateTables, Evolves = job.Changes == SchemaChanges.Evolve,
                        HasPrimaryKey = schema.Key.Kind == KeyKind.Primary,
                    }));
            }
        }
        catch (PawlException e)
        {
            problems.Add(e);
        }
        return tables;
    }

    /// <summary>A target that cannot be asked says why when it is looked at.</summary>
    private async Task CheckPlaceAsync(JobSpec job, ISource source, IReadOnlyList<MatchedTable> matched, List<PawlException> problems,
        CancellationToken ct)
    {
        if (host.Connectors.For(job.Target) is not (IWritesTables writes and Connector connector)) return;
        await using var sink = await writes.OpenSinkAsync(job.Target, new OpenContext(host.Time, host.Ids, host.Points), ct);
        var place = new SamePlace(source, sink, connector.Spec.Limits);
        foreach (var (rule, schema, _) in matched.Where(m => m.Schema is not null))
        {
            try
            {
                await place.CheckAsync(schema!.Name, TableRules.TargetName(rule.Target, schema.Name, connector.Spec.Limits), ct);
            }
            catch (PawlException e)
            {
                problems.Add(e);
                if (e.Code != Codes.SourceIsTarget) return;
            }
        }
    }

    private static IReadOnlyList<string>? Columns(TableRule rule, TableSchema schema, List<PawlException> problems)
    {
        try
        {
            return Projection.Apply(schema, rule.Select, rule.Drop);
        }
        catch (PawlException e)
        {
            problems.Add(e);
            return null;
        }
    }
}
