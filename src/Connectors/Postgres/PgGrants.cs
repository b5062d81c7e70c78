using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Rights a role lacks, gathered so that few statements give them all: schemas first, then what lies in them. In the order they were asked
/// for. One caller at a time.
/// </summary>
/// <param name="user">The role as the server knows it.</param>
internal sealed class PgGrants(string user)
{
    private readonly List<(string Right, string Kind, string Object, string Shown)> missing = [];

    /// <summary>The role, quoted.</summary>
    public string Role { get; } = PgNames.Quote(user);

    public bool IsEmpty => missing.Count == 0;

    public void Schema(string schema, string right) => Add(right, "SCHEMA", PgNames.Quote(schema), schema);

    public void Table(TableName table, string right) => Add(right, "TABLE", PgNames.Quote(table), table.ToString());

    /// <param name="right">As GRANT writes it.</param>
    /// <param name="kind">DATABASE, SCHEMA, TABLE, SEQUENCE, FUNCTION or PARAMETER.</param>
    /// <param name="quoted">The object, quoted.</param>
    /// <param name="shown">For people.</param>
    public void Add(string right, string kind, string quoted, string shown)
    {
        if (!missing.Contains((right, kind, quoted, shown))) missing.Add((right, kind, quoted, shown));
    }

    /// <summary>One finding per set of rights on one kind of object.</summary>
    /// <param name="needed">A run would stop; else it is only worth knowing.</param>
    public IEnumerable<ProbeFinding> Findings(bool needed)
    {
        string[] kinds = ["DATABASE", "SCHEMA", "TABLE", "SEQUENCE", "FUNCTION", "PARAMETER"];
        var perObject = missing.GroupBy(m => (m.Kind, m.Object, m.Shown))
            .Select(g => (g.Key.Kind, g.Key.Object, g.Key.Shown, Rights: string.Join(", ", g.Select(m => m.Right))));
        foreach (var group in perObject.GroupBy(o => (o.Kind, o.Rights)).OrderBy(g => Array.IndexOf(kinds, g.Key.Kind)))
        {
            (string, object?)[] details =
            [
                ("right", group.Key.Rights), ("kind", group.Key.Kind.ToLowerInvariant()),
                ("on", PgLook.Names([.. group.Select(o => o.Shown)])),
            ];
            var mend = $"GRANT {group.Key.Rights} ON {group.Key.Kind} {string.Join(", ", group.Select(o => o.Object))} TO {Role};";
            yield return (needed ? ProbeFinding.Broken(Fault.Permission, FindingCodes.RightMissing, details)
                : ProbeFinding.Warning(FindingCodes.RightMissing, details)) with { Mend = [mend] };
        }
    }

    /// <summary>Rights that only some commands need.</summary>
    /// <param name="code">Says which.</param>
    public IEnumerable<ProbeFinding> Wanted(string code) => missing.GroupBy(m => (m.Kind, m.Right)).Select(group =>
        ProbeFinding.Note(code, ("right", group.Key.Right), ("on", PgLook.Names([.. group.Select(m => m.Shown)]))) with
        {
            Mend = [$"GRANT {group.Key.Right} ON {group.Key.Kind} {string.Join(", ", group.Select(o => o.Object))} TO {Role};"],
        });
}
