using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

internal static partial class MyProbe
{
    static partial void LookAtTarget(MyConnection connection, MyAddress at, ProbeRequest request, List<ProbeFinding> findings,
        ref ValueTask looking, CancellationToken ct) => looking = TargetAsync(at, request, findings, ct);

    /// <summary>The server's settings, and the tables that are there. A session as a run has it.</summary>
    private static async ValueTask TargetAsync(MyAddress at, ProbeRequest request, List<ProbeFinding> findings, CancellationToken ct)
    {
        try
        {
            var options = MyTargetOptions.Of(at);
            var slots = new MySlots(Guid.NewGuid().ToString("N"));
            await using var session = await MyTargetSession.OpenAsync(options, slots, ct).ConfigureAwait(false);
            foreach (var table in request.Tables) await TableAsync(session, table, request, findings, ct).ConfigureAwait(false);
        }
        catch (PawlException e)
        {
            findings.Add(ProbeFinding.Of(e));
        }
    }

    private static async ValueTask TableAsync(MyTargetSession session, ProbeTable table, ProbeRequest request, List<ProbeFinding> findings,
        CancellationToken ct)
    {
        try
        {
            if (await MyTargetTable.FindAsync(session, table.Name, ct).ConfigureAwait(false) is { } target)
            {
                // The job's own tables are filled in the order that their keys ask for; rows of a replace come all at once.
                TableName[] filled = [.. request.Tables.Select(t => t.Name)];
                await MySurroundings.CheckAsync(session, table.Name, target, filled, ct).ConfigureAwait(false);
            }
            else if (!table.Create)
            {
                findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", table.Name))));
            }
        }
        catch (PawlException e) when (e.Fault is Fault.Configuration or Fault.Permission)
        {
            findings.Add(ProbeFinding.Of(e));
        }
    }
}
