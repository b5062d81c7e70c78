using Pawl.Connectors.MySql;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Lines of SHOW GRANTS as servers write them. What they mean was tried on MariaDB 10.11 and MySQL 9.7.</summary>
public sealed class MyGrantListTests
{
    private const string To = " TO `u`@`%`";

    [Theory]
    [InlineData(true, "GRANT ALL PRIVILEGES ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*A' WITH GRANT OPTION")]
    [InlineData(true, "GRANT SELECT, TRIGGER, INSERT ON *.*" + To)]
    [InlineData(true, "GRANT TRIGGER ON `shop_a`.*" + To)]
    [InlineData(true, @"GRANT TRIGGER ON `shop\_a`.*" + To)]
    [InlineData(true, "GRANT TRIGGER ON `sho%`.*" + To)]
    [InlineData(true, "GRANT ALL PRIVILEGES ON `%`.* TO PUBLIC")]
    [InlineData(true, "GRANT SELECT (`a`, `on b`), INSERT, TRIGGER ON `shop_a`.`t`" + To)]
    [InlineData(true, "GRANT TRIGGER ON shop_a.t TO u@`%`")]
    [InlineData(false, "GRANT USAGE ON *.*" + To)]
    [InlineData(false, "GRANT CREATE TEMPORARY TABLES, LOCK TABLES ON `shop_a`.*" + To)]
    [InlineData(false, "GRANT TRIGGER ON `shop_a`.`T`" + To)]
    [InlineData(false, "GRANT TRIGGER ON `shop_a`.`t2`" + To)]
    [InlineData(false, @"GRANT TRIGGER ON `shop\_`.*" + To)]
    [InlineData(false, @"GRANT TRIGGER ON `shop\_a\%`.*" + To)]
    [InlineData(false, "GRANT TRIGGER (`c`) ON `shop_a`.`t`" + To)]
    [InlineData(false, "GRANT `TRIGGER` TO `u`@`%`")]
    [InlineData(false, "GRANT EXECUTE ON PROCEDURE `shop_a`.`TRIGGER` TO `u`@`%`")]
    [InlineData(false, "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION")]
    [InlineData(false, "SET DEFAULT ROLE `r` FOR `u`@`%`")]
    [InlineData(false, "")]
    public void One_line_gives_what_it_says(bool gives, string line) =>
        Assert.Equal(gives, new MyGrantList([line], false, false).OnTable("TRIGGER", new TableName("shop_a", "t")));

    [Fact]
    public void Of_several_patterns_of_one_account_the_nearest_counts()
    {
        var table = new TableName("shop_a", "t");
        string[] wide = ["GRANT TRIGGER ON `shop%`.* TO `u`@`%`", @"GRANT SELECT ON `shop\_a%`.* TO `u`@`%`"];
        Assert.False(new MyGrantList(wide, false, false).OnTable("TRIGGER", table));
        Assert.True(new MyGrantList(wide, false, false).OnTable("SELECT", table));
        // A role's grants are beside those of the account.
        Assert.True(new MyGrantList([.. wide, "GRANT TRIGGER ON `shop%`.* TO `r`"], false, false).OnTable("TRIGGER", table));
    }

    [Fact]
    public void A_part_can_be_taken_back_and_names_are_no_patterns_then()
    {
        string[] said = ["GRANT SELECT, TRIGGER ON *.* TO `u`@`%`", "REVOKE TRIGGER ON `shop_a`.* FROM `u`@`%`"];
        var grants = new MyGrantList(said, true, false);
        Assert.False(grants.OnTable("TRIGGER", new TableName("shop_a", "t")));
        Assert.True(grants.OnTable("TRIGGER", new TableName("shopxa", "t")));
        Assert.True(grants.OnTable("SELECT", new TableName("shop_a", "t")));
        Assert.True(new MyGrantList([.. said, "GRANT TRIGGER ON `shop_a`.`t` TO `u`@`%`"], true, false)
            .OnTable("TRIGGER", new TableName("shop_a", "t")));
        Assert.False(new MyGrantList(["GRANT TRIGGER ON `sho%`.* TO `u`@`%`"], true, false).OnTable("TRIGGER", new TableName("shop", "t")));
    }

    [Theory]
    [InlineData("Access denied for user 'etl'@'10.0.%' to database 'shop'", "etl@10.0.%")]
    [InlineData("Access denied for user 'o'@'x'@'%' to database 'a' to database b'", "o'@'x@%")]
    [InlineData("Access denied for user ''@'' to database 'shop'", "@")]
    [InlineData("Access denied", null)]
    public void A_refusal_names_the_account(string message, string? account) =>
        Assert.Equal(account, MyGrants.Refused(new Pawl.Connectors.MySql.Protocol.MyServerException(1044, "42000", message)));

    [Fact]
    public void A_database_in_a_grant_is_no_pattern() =>
        Assert.Equal(@"`my\_shop\%``s`", MyGrants.Pattern("my_shop%`s"));
}
