using Pawl.EndToEnd.Tests.BadInput.MySql;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>
/// A MariaDB table without a key has no order to go on by: all of it is one commit, which a kill leaves undone or done, and equal rows are
/// there as often as they should be.
/// </summary>
public sealed class MyKeylessSourceTests
{
    [Theory]
    [InlineData("rows-written:1")]
    [InlineData("ledger-written:1")]
    [InlineData("commit-done:1")]
    [InlineData("lane-final:1")]
    public async Task Killed_anywhere_it_is_there_whole_or_not_at_all_and_comes_out_exact(string point)
    {
        await using var rig = await MyRig.NewAsync("create table t (kind varchar(20), at int)",
            "insert into t select if(seq % 5 = 0, null, concat('kind ', seq % 11)), seq / 3 from seq_1_to_2000",
            "insert into t select 'same', 1 from seq_1_to_300");
        await rig.LeaveHalfDoneAsync(point);
        var isCommitted = point is "commit-done:1" or "lane-final:1";
        Assert.Equal(isCommitted ? 2_300 : 0, await rig.CountAsync());
        await rig.DoneAsync();
        await rig.SameRowsAsync(columns: "concat_ws('|', coalesce(kind, '-'), at)");
        Assert.Equal(2_300, await rig.CountAsync());
        await rig.DoneAsync();
        Assert.Equal(2_300, await rig.CountAsync());
    }
}
