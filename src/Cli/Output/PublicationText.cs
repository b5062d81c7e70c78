using Pawl.Cli.Texts;
using Pawl.Contracts;

namespace Pawl.Cli.Output;

/// <summary>Says how a staged copy takes the place of a target's rows, and why that way.</summary>
internal static class PublicationText
{
    public static string Of(Publication publication)
    {
        var why = publication.What is { } what ? $"{DetailTexts.Value("what", what)} {publication.Name}" : "";
        return publication.Way switch
        {
            PublicationWay.Create => Both("staged; the staging table becomes the target, which is not there yet",
                "先暂存；目标表尚不存在，暂存表将成为目标表"),
            PublicationWay.Rename => Both("staged; published by rename, because nothing depends on the table", "先暂存；以改名发布，因为没有对象依赖该表"),
            PublicationWay.Rows => Both($"staged; published by delete and insert in one transaction, because of: {why}",
                $"先暂存；以同一事务内的删除与插入发布，因为有：{why}"),
            _ => Both($"staged; published by key in one transaction (delete, update, insert), because of: {why}",
                $"先暂存；以同一事务内按键删除、更新、插入发布，因为有：{why}"),
        };
    }
}
