using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Questions to information_schema, each narrowed to a database or a table. Its own comparisons do not tell cases apart: who asks looks at
/// the names that come. https://mariadb.com/kb/en/information-schema-tables/
/// </summary>
/// <param name="server">Which columns there are depends on it.</param>
/// <param name="database">Null = all but the system's own.</param>
/// <param name="table">Null = all.</param>
internal sealed class MyCatalogSql(MyServerFacts server, string? database, string? table)
{
    private static readonly Version IgnoredIndexes = new(10, 6), InvisibleIndexes = new(8, 0);

    public string Tables => $"""
        select table_schema, table_name, table_type, coalesce(engine, ''), table_rows, unix_timestamp(create_time), auto_increment,
            table_collation, coalesce(table_comment, ''), coalesce(create_options, ''), data_length
        from information_schema.tables where {Where()}
        """;

    public string Columns => $"""
        select table_schema, table_name, column_name, data_type, column_type, is_nullable, character_maximum_length, numeric_precision,
            numeric_scale, datetime_precision, character_set_name, collation_name, column_default, extra, generation_expression,
            column_comment
        from information_schema.columns where {Where()} order by table_schema, table_name, ordinal_position
        """;

    public string Indexes => $"""
        select table_schema, table_name, index_name, non_unique, column_name, sub_part, collation, index_type, {Ignored}
        from information_schema.statistics where {Where()} order by table_schema, table_name, index_name, seq_in_index
        """;

    public string Checks => server.IsMariaDb
        ? $"""
            select constraint_schema, table_name, constraint_name, check_clause from information_schema.check_constraints
            where {Where("constraint_schema")}
            """
        : server.Version >= InvisibleIndexes ? $"""
            select t.table_schema, t.table_name, t.constraint_name, c.check_clause
            from information_schema.table_constraints t join information_schema.check_constraints c
                on c.constraint_schema = t.constraint_schema and c.constraint_name = t.constraint_name
            where t.constraint_type = 'CHECK' and {Where("t.table_schema", "t.table_name")}
            """
        : "select '', '', '', '' from dual where 1 = 0";

    public string Triggers => $"""
        select distinct event_object_schema, event_object_table from information_schema.triggers
        where {Where("event_object_schema", "event_object_table")}
        """;

    private string Ignored => server.IsMariaDb ? server.Version >= IgnoredIndexes ? "ignored" : "'NO'"
        : server.Version >= InvisibleIndexes ? "if(is_visible = 'YES', 'NO', 'YES')" : "'NO'";

    private string Where(string databaseColumn = "table_schema", string tableColumn = "table_name")
    {
        var where = database is null ? $"{databaseColumn} not in ({string.Join(", ", MyNames.System.Select(MyNames.Literal))})"
            : $"{databaseColumn} = {MyNames.Literal(database)}";
        return table is null ? where : $"{where} and {tableColumn} = {MyNames.Literal(table)}";
    }
}
