using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>The statements that give rights. Pure.</summary>
internal static class MyGrants
{
    public static string Of(string rights, TableName on, MyTargetOptions options) =>
        $"grant {rights} on {MyQuote.Name(on.Schema ?? options.Database)}.{MyQuote.Name(on.Name)} to {Account(options)}";

    public static string OfDatabase(string rights, string database, MyTargetOptions options) =>
        $"grant {rights} on {Pattern(database)}.* to {Account(options)}";

    /// <summary>A database as GRANT takes it: quoted, and no pattern that others match.</summary>
    public static string Pattern(string database) => MyNames.Quote(database).Replace("_", "\\_", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal);

    /// <summary>Name and host apart: the last at sign is the one between them.</summary>
    public static string Account(string account)
    {
        var at = account.LastIndexOf('@');
        return at < 0 ? MyNames.Literal(account) : $"{MyNames.Literal(account[..at])}@{MyNames.Literal(account[(at + 1)..])}";
    }

    /// <summary>The account that a server names when it refuses a database, <c>name@host</c>; null = it names none.</summary>
    public static string? Refused(Exception e)
    {
        const string Start = "Access denied for user '", Middle = "'@'", End = "' to database ";
        if (e is not Protocol.MyServerException { Number: 1044 } || !e.Message.StartsWith(Start, StringComparison.Ordinal)) return null;
        var end = e.Message.IndexOf(End, StringComparison.Ordinal);
        var middle = end < 0 ? -1 : e.Message.LastIndexOf(Middle, end, StringComparison.Ordinal);
        return middle < Start.Length ? null : $"{e.Message[Start.Length..middle]}@{e.Message[(middle + Middle.Length)..end]}";
    }

    private static string Account(MyTargetOptions options) => Account(options.Account ?? $"{options.Server.User}@%");
}

/// <summary>
/// Rights an account lacks, gathered so that few statements give them all: those on the server first, then on databases, then on tables.
/// One caller at a time.
/// </summary>
/// <param name="account">As the server knows it, <c>name@host</c>.</param>
/// <param name="isLiteral">Names of databases are no patterns in GRANT.</param>
internal sealed class MyMissing(string account, bool isLiteral)
{
    private static readonly string[] Kinds = ["server", "database", "table"];
    private readonly List<(string Right, string Kind, string Object, string Shown)> missing = [];

    public bool IsEmpty => missing.Count == 0;

    /// <summary>The right on the whole database is among them.</summary>
    public bool Holds(string database, string right) => missing.Any(m => (m.Kind, m.Shown, m.Right) == ("database", database, right));

    public void Server(string right) => Add(right, "server", "*.*", "*.*");

    public void Database(string database, string right) =>
        Add(right, "database", $"{(isLiteral ? MyNames.Quote(database) : MyGrants.Pattern(database))}.*", database);

    public void Table(TableName table, string right) => Add(right, "table", MyNames.Quote(table), table.ToString());

    /// <summary>One finding per set of rights on one kind of object.</summary>
    /// <param name="level">Broken = a run would stop.</param>
    public IEnumerable<ProbeFinding> Findings(FindingLevel level, string code = FindingCodes.RightMissing)
    {
        var perObject = missing.GroupBy(m => (m.Kind, m.Object, m.Shown))
            .Select(g => (g.Key.Kind, g.Key.Object, g.Key.Shown, Rights: string.Join(", ", g.Select(m => m.Right))));
        foreach (var group in perObject.GroupBy(o => (o.Kind, o.Rights)).OrderBy(g => Array.IndexOf(Kinds, g.Key.Kind)))
        {
            (string, object?)[] details =
            [
                ("right", group.Key.Rights), ("kind", group.Key.Kind), ("on", MyProbeSource.Names([.. group.Select(o => o.Shown)])),
            ];
            yield return (level switch
            {
                FindingLevel.Broken => ProbeFinding.Broken(Fault.Permission, code, details),
                FindingLevel.Warning => ProbeFinding.Warning(code, details),
                _ => ProbeFinding.Note(code, details),
            }) with
            {
                Mend = [.. group.Select(o => $"GRANT {group.Key.Rights} ON {o.Object} TO {MyGrants.Account(account)};")],
            };
        }
    }

    private void Add(string right, string kind, string quoted, string shown)
    {
        if (!missing.Contains((right, kind, quoted, shown))) missing.Add((right, kind, quoted, shown));
    }
}
