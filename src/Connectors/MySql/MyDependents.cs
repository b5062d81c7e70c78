using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What would stay behind with a table that another one takes the name of, or be lost with it. Rights, routines and events go by the name
/// and find the new table; whatever else the catalogue knows of counts, and so does what this account is not shown.
/// </summary>
internal static class MyDependents
{
    /// <summary>What depends on the table and its name; null when nothing does.</summary>
    public static async ValueTask<(string What, string Name)?> FirstAsync(MyTargetSession session, MyTargetTable target,
        CancellationToken ct)
    {
        if (target.Triggers is [var trigger, ..]) return ("trigger", trigger);
        if (target.ForeignKeys is [var key, ..]) return ("foreign key", $"{key.Name} ({key.Other})");
        if (await ViewAsync(session, target.Name, ct).ConfigureAwait(false) is { } view) return ("view", view);
        if (!session.Server.IsMariaDb && await StatisticsAsync(session, target.Name, ct).ConfigureAwait(false) is { } column)
        {
            return ("statistics", column);
        }
        return await SeesTriggersAsync(session, target.Name, ct).ConfigureAwait(false) ? null : ("missing right", "TRIGGER");
    }

    /// <summary>
    /// A table's definition as the server writes it, without its name and its next number. Partitions, options and comments are in it.
    /// </summary>
    public static async ValueTask<(string Definition, ulong? Next)> DefinitionAsync(MyTargetSession session, MyTargetTable table,
        CancellationToken ct)
    {
        var text = (await session.RowsAsync($"show create table {table.Quoted}", ct, table.Name,
            MyGrants.Of("select", table.Name, session.Options)).ConfigureAwait(false))[0][1]!;
        text = text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        // MySQL names a check after its table.
        text = text.Replace($"CONSTRAINT {MyQuote.Name(table.Name.Name + "_chk_")[..^1]}", "CONSTRAINT `_chk_", StringComparison.Ordinal);
        return Numbered(text);
    }

    /// <summary>Takes the next number out. It stands in the options behind the columns, before a comment, which may say anything.</summary>
    internal static (string Text, ulong? Next) Numbered(string text)
    {
        const string Mark = " AUTO_INCREMENT=";
        var options = text.LastIndexOf("\n) ", StringComparison.Ordinal);
        var comment = options < 0 ? -1 : text.IndexOf(" COMMENT='", options, StringComparison.Ordinal);
        var at = options < 0 ? -1 : text.IndexOf(Mark, options, StringComparison.Ordinal);
        if (at < 0 || comment >= 0 && comment < at) return (text, null);
        var end = at + Mark.Length;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        var number = ulong.Parse(text.AsSpan(at + Mark.Length, end - at - Mark.Length), CultureInfo.InvariantCulture);
        return (text.Remove(at, end - at), number);
    }

    /// <summary>MariaDB keeps no list of what a view reads: its text names each table in full.</summary>
    private static async ValueTask<string?> ViewAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        var (schema, table) = (MyQuote.Text(name.Schema!), MyQuote.Text(name.Name));
        var rows = await session.RowsAsync(session.Server.IsMariaDb ? $"""
            select table_schema, table_name from information_schema.views where table_schema not in ('sys', 'mysql')
                and (view_definition = '' or locate({MyQuote.Text(MyQuote.Name(name))}, view_definition) > 0) order by 1, 2 limit 1
            """ : $"""
            select view_schema, view_name from information_schema.view_table_usage
            where table_schema = {schema} and table_name = {table} order by 1, 2 limit 1
            """, ct).ConfigureAwait(false);
        return rows is [var row, ..] ? $"{row[0]}.{row[1]}" : null;
    }

    /// <summary>The column of a histogram that somebody asked for.</summary>
    private static async ValueTask<string?> StatisticsAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        var rows = await session.RowsAsync($"""
            select column_name from information_schema.column_statistics
            where schema_name = {MyQuote.Text(name.Schema!)} and table_name = {MyQuote.Text(name.Name)} order by 1 limit 1
            """, ct).ConfigureAwait(false);
        return rows is [var row, ..] ? row[0] : null;
    }

    /// <summary>A server does not show triggers to those who may not make any, and a table takes its triggers along.</summary>
    private static async ValueTask<bool> SeesTriggersAsync(MyTargetSession session, TableName name, CancellationToken ct)
    {
        var mine = $"privilege_type = 'TRIGGER' and grantee = {MyQuote.Text(MyGrants.Account(session.Options.Account ?? ""))}";
        var schema = MyQuote.Text(name.Schema!);
        var rows = await session.RowsAsync($"""
            select 1 from information_schema.user_privileges where {mine}
            union all select 1 from information_schema.schema_privileges where {mine} and {schema} like table_schema
            union all select 1 from information_schema.table_privileges where {mine} and table_schema = {schema}
                and table_name = {MyQuote.Text(name.Name)}
            """, ct).ConfigureAwait(false);
        return rows.Count > 0;
    }
}
