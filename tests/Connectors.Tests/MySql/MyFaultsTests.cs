using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

public sealed class MyFaultsTests
{
    private static readonly MyOptions At = new() { User = "u", Password = "geheim", Display = "mysql://u@h/d" };

    [Theory]
    [InlineData(1040, "", Fault.Throttled, Codes.TooManyConnections)]
    [InlineData(1203, "", Fault.Throttled, Codes.TooManyConnections)]
    [InlineData(1045, "", Fault.Permission, Codes.LoginRefused)]
    [InlineData(3159, "", Fault.Configuration, Codes.TlsRefused)]
    [InlineData(1142, "", Fault.Permission, Codes.GrantMissing)]
    [InlineData(1044, "", Fault.Permission, Codes.GrantMissing)]
    [InlineData(1205, "", Fault.Transient, Codes.Busy)]
    [InlineData(1213, "", Fault.Transient, Codes.Busy)]
    [InlineData(1062, "", Fault.Data, Codes.RowRefused)]
    [InlineData(1406, "", Fault.Data, Codes.ValueBeyond)]
    [InlineData(1264, "", Fault.Data, Codes.ValueBeyond)]
    [InlineData(1366, "Incorrect string value: '\\xF0' for column 'c'", Fault.Data, Codes.TextUnfit)]
    [InlineData(1366, "Incorrect integer value: 'a' for column 'c'", Fault.Data, Codes.TypeMismatch)]
    [InlineData(1290, "The MariaDB server is running with the --read-only option", Fault.Configuration, Codes.ServerReadOnly)]
    [InlineData(1290, "running with the --secure-file-priv option", Fault.Bug, Codes.Unexpected)]
    [InlineData(3024, "", Fault.Transient, Codes.StatementCancelled)]
    [InlineData(1969, "", Fault.Transient, Codes.StatementCancelled)]
    [InlineData(1021, "", Fault.Transient, Codes.DiskFull)]
    [InlineData(1114, "", Fault.Transient, Codes.DiskFull)]
    [InlineData(1030, "Got error 28 \"No space left on device\" from storage engine", Fault.Transient, Codes.DiskFull)]
    [InlineData(1030, "Got error 5 from storage engine", Fault.Transient, Codes.InputOutput)]
    [InlineData(1153, "", Fault.Data, Codes.ValueTooLarge)]
    [InlineData(1146, "", Fault.Schema, Codes.TableMissing)]
    [InlineData(4031, "", Fault.Transient, Codes.Unreachable)]
    [InlineData(1047, "WSREP has not yet prepared node for application use", Fault.Transient, Codes.Unreachable)]
    [InlineData(1047, "Unknown command", Fault.Bug, Codes.Unexpected)]
    [InlineData(1615, "Prepared statement needs to be re-prepared", Fault.Transient, Codes.StatementCancelled)]
    [InlineData(1243, "Unknown prepared statement handler (5) given to EXECUTE", Fault.Transient, Codes.StatementCancelled)]
    [InlineData(1317, "", Fault.Transient, Codes.StatementCancelled)]
    [InlineData(1461, "Can't create more than max_prepared_stmt_count statements (current value: 16382)", Fault.Transient, Codes.Busy)]
    [InlineData(1461, "Can't create more than max_prepared_stmt_count statements (current value: 0)", Fault.Configuration,
        Codes.OptionInvalid)]
    [InlineData(1927, "Connection was killed", Fault.Transient, Codes.Unreachable)]
    [InlineData(3032, "The server is currently in offline mode", Fault.Transient, Codes.Unreachable)]
    [InlineData(3168, "Server isn't available", Fault.Transient, Codes.Unreachable)]
    [InlineData(3169, "Session was killed", Fault.Transient, Codes.Unreachable)]
    [InlineData(1135, "Can't create a new thread (errno 11)", Fault.Throttled, Codes.TooManyConnections)]
    [InlineData(1226, "User 'u' has exceeded the 'max_user_connections' resource", Fault.Throttled, Codes.TooManyConnections)]
    [InlineData(1792, "", Fault.Configuration, Codes.ServerReadOnly)]
    [InlineData(1836, "", Fault.Configuration, Codes.ServerReadOnly)]
    [InlineData(1874, "InnoDB is in read only mode", Fault.Configuration, Codes.ServerReadOnly)]
    [InlineData(1290, "The MySQL server is running with the --super-read-only option", Fault.Configuration, Codes.ServerReadOnly)]
    [InlineData(1180, "", Fault.Transient, Codes.CommitRefused)]
    [InlineData(3100, "", Fault.Transient, Codes.CommitRefused)]
    [InlineData(3101, "", Fault.Transient, Codes.CommitRefused)]
    [InlineData(3675, "Create table/tablespace 't' failed, as disk is full.", Fault.Transient, Codes.DiskFull)]
    [InlineData(1064, "", Fault.Bug, Codes.Unexpected)]
    public void A_number_has_one_meaning(int number, string text, Fault fault, string code)
    {
        var e = MyFaults.Classify(new MyServerException(number, "HY000", text), At, "insert");
        Assert.Equal((fault, code, $"{number}"), (e.Fault, e.Code, e.Details["native"]));
        Assert.DoesNotContain("geheim", e.Message);
    }

    [Theory]
    [InlineData(1062, "Duplicate entry 'geheim's' for key 'PRIMARY'", "Duplicate entry … for key 'PRIMARY'")]
    [InlineData(1366, "Incorrect integer value: 'geheim' for column `d`.`t`.`c` at row 5",
        "Incorrect integer value: … for column `d`.`t`.`c` at row 5")]
    [InlineData(1292, "Truncated incorrect DOUBLE value: 'geheim'", "Truncated incorrect DOUBLE value: …")]
    [InlineData(1526, "Table has no partition for value 12", "Table has no partition for value …")]
    [InlineData(1406, "Data too long for column 'c' at row 1", "Data too long for column 'c' at row 1")]
    [InlineData(1048, "Column 'c' cannot be null", "Column 'c' cannot be null")]
    public void A_refused_rows_values_are_not_repeated(int number, string said, string shown) =>
        Assert.Equal(shown, MyFaults.Classify(new MyServerException(number, "22000", said), At, "insert").Details["cause"]);

    [Fact]
    public void An_error_names_its_column_and_row()
    {
        static MyServerException Said(string text) => new(1366, "22007", text);
        Assert.Equal("c", MyFaults.Column(Said("Incorrect integer value: 'x' for column `d`.`t`.`c` at row 12")));
        Assert.Equal("c d", MyFaults.Column(Said("Data too long for column 'c d' at row 3")));
        Assert.Null(MyFaults.Column(Said("Got a packet")));
        Assert.Equal(12, MyFaults.Row(Said("Incorrect integer value: 'x' for column `d`.`t`.`c` at row 12")));
        Assert.Null(MyFaults.Row(Said("at row")));
    }

    [Fact]
    public void Reject_codes_say_why()
    {
        static string Of(int number) => MyFaults.RejectCode(MyFaults.Classify(new MyServerException(number, "23000", ""), At, "insert"));
        Assert.Equal([Codes.DuplicateRefused, Codes.NullRefused, Codes.ReferenceMissing, Codes.CheckFailed, Codes.ValueBeyond],
            new[] { 1062, 1048, 1452, 4025, 1264 }.Select(Of));
    }

    /// <summary>Real servers' words, not our idea of them.</summary>
    [Theory]
    [InlineData("insert into t values (1, 1)", Codes.DuplicateRefused)]
    [InlineData("insert into t values (2, null)", Codes.NullRefused)]
    [InlineData("insert into t values (3, 300)", Codes.ValueBeyond)]
    [InlineData("insert into t values (4, 'geheim')", Codes.TypeMismatch)]
    [InlineData("insert into t values (5, -1)", Codes.ValueBeyond)]
    [InlineData("insert into c values (99)", Codes.ReferenceMissing)]
    [InlineData("insert into k values (99)", Codes.CheckFailed)]
    [InlineData("insert into l values ('漢')", Codes.TextUnfit)]
    public async Task Strict_sessions_refuse_what_does_not_fit(string sql, string code)
    {
        var server = await MariaDbServer.SharedAsync();
        await using var connection = await server.ConnectAsync(await server.CreateDatabaseAsync());
        foreach (var make in new[]
        {
            "create table t (id int primary key, v tinyint unsigned not null)", "insert into t values (1, 1)",
            "create table c (id int, foreign key (id) references t (id))", "create table k (v int, check (v < 10))",
            "create table l (v varchar(10) character set latin1)",
        })
        {
            await connection.ExecuteAsync(make, default);
        }
        var e = await Assert.ThrowsAsync<MyServerException>(async () => await connection.ExecuteAsync(sql, default));
        var fault = MyFaults.Classify(e, At, sql);
        Assert.True(MyFaults.IsConstraint(fault));
        Assert.Equal(code, MyFaults.RejectCode(fault));
        Assert.DoesNotContain("geheim", fault.Details["cause"]);
    }
}
