using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// How far a staged copy has come, by the catalogue alone. It lies under the name of the plan, or, for a publication, under a name behind
/// it that nobody else knows. The one RENAME that makes it the target makes <see cref="Old"/> too: a table of that name says that the
/// rename took place, whoever did it. Immutable.
/// </summary>
internal sealed record MyStaging
{
    private const string OldEnd = "_old", NoneEnd = "_none", NoneComment = "pawl: where no table was before";

    /// <summary>With its schema.</summary>
    public required TableName Stage { get; init; }
    /// <summary>The table that holds the staged rows; null = it is the target by now, or lost.</summary>
    public MyTargetTable? Rows { get; init; }
    /// <summary>What was the target before the rename, or an empty table that stands for none.</summary>
    public MyTargetTable? Old { get; init; }

    public TableName OldName => Stage with { Name = Stage.Name + OldEnd };

    /// <summary>There was no target before the rename.</summary>
    public bool WasNone => Old is not null && StandsForNone(Old);

    public static bool StandsForNone(MyTargetTable old) => old.Comment == NoneComment;

    /// <summary>Whether that staging table is what a rename makes of the target.</summary>
    public static bool IsOld(TableName stage) => stage.Name.EndsWith(OldEnd, StringComparison.Ordinal);

    /// <summary>What all staging tables of the same table of the job begin with; DDL on them excludes itself by it.</summary>
    public static string LockOf(string prefix) => $"stages {prefix}";

    public string Prefix => Stage.Name[..(Stage.Name.LastIndexOf('_', Stage.Name.LastIndexOf('_') - 1) + 1)];

    public static async ValueTask<MyStaging> FindAsync(MyTargetSession session, TableName stage, CancellationToken ct)
    {
        var at = stage with { Schema = stage.Schema ?? session.Options.Database };
        var names = await session.RowsAsync($"""
            select table_name from information_schema.tables
            where table_schema = {MyQuote.Text(at.Schema!)} and table_name like 'pawl_stage_%' and table_type = 'BASE TABLE' order by 1
            """, ct).ConfigureAwait(false);
        TableName? rows = null, old = null;
        foreach (var name in names.Select(r => r[0]!))
        {
            if (name == at.Name + OldEnd) old = at with { Name = name };
            // Under the other name it is the copy, whatever somebody made under the first one.
            else if (IsSecret(at.Name, name) || name == at.Name && rows is null) rows = at with { Name = name };
        }
        return new MyStaging
        {
            Stage = at,
            Rows = rows is null ? null : await MyTargetTable.FindAsync(session, rows, ct).ConfigureAwait(false),
            Old = old is null ? null : await MyTargetTable.FindAsync(session, old, ct).ConfigureAwait(false),
        };
    }

    /// <summary>What a staging table that is not there under its name holds, for those who ask before its publication is gone on with.
    /// </summary>
    public static async ValueTask<TargetState> InspectAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        if (!name.Name.StartsWith(StageName.Start, StringComparison.Ordinal)) return new TargetState(false, false, null);
        var staging = await FindAsync(session, name, ct).ConfigureAwait(false);
        if (staging.Old is not null) return new TargetState(true, true, null);
        return staging.Rows is null ? new TargetState(false, false, null)
            : new TargetState(true, await MySurroundings.HasRowsAsync(session, staging.Rows, ct).ConfigureAwait(false), null);
    }

    public TableName Secret(Guid id) => Stage with { Name = $"{Stage.Name}_{id.ToString("N")[..StageName.SecretDigits]}" };

    /// <summary>The empty table that becomes <see cref="Old"/> where there is no target.</summary>
    public async ValueTask<TableName> NoneAsync(MyTargetSession session, CancellationToken ct)
    {
        var none = Stage with { Name = Stage.Name + NoneEnd };
        await session.ExecuteAsync($"create table if not exists {MyQuote.Name(none)} (none int primary key) engine=InnoDB "
            + $"comment={MyNames.Literal(NoneComment)}", ct, none, MyGrants.OfDatabase("create", none.Schema!, session.Options))
                .ConfigureAwait(false);
        return none;
    }

    private static bool IsSecret(string stage, string name) => name.Length == stage.Length + 1 + StageName.SecretDigits
        && name.StartsWith(stage + "_", StringComparison.Ordinal) && name[(stage.Length + 1)..].All(char.IsAsciiHexDigit);
}
