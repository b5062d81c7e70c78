using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Rejects whose image no statement holds. LOAD DATA takes it whole; where the server does not take that, the image is cut: the row is
/// found, counted and shown, and cannot be tried again. In the open transaction of its session; one caller at a time.
/// </summary>
internal static class MyLongRejects
{
    private const string Image = "row_json";

    /// <summary>What is left free in a packet.</summary>
    private const int Spare = 1024;

    /// <summary>It is one, and a statement with it would be too long.</summary>
    /// <param name="sql">The statement.</param>
    public static bool IsOne(ControlChange change, string sql, MyServerFacts server) =>
        change.Kind == ChangeKind.Insert && change.Table == ControlTables.Reject
        && Encoding.UTF8.GetByteCount(sql) > server.MaxAllowedPacket - Spare;

    public static async ValueTask<MyOk> StoreAsync(MyTargetSession session, ControlChange change, SqlDialect dialect, TableName at,
        string grant, CancellationToken ct)
    {
        if (session.Loads)
        {
            await session.ExecuteAsync("savepoint pawl_reject", ct).ConfigureAwait(false);
            try
            {
                var ok = await LoadAsync(session, change, dialect, at, grant, ct).ConfigureAwait(false);
                if (ok is { Records: 1, Skipped: 0, Warnings: 0 }) return ok;
            }
            catch (PawlException e) when (e.InnerException is MyServerException said && MyFaults.IsLoadRefused(said))
            {
                session.Loads = false;
            }
            await session.BackToAsync("pawl_reject", ct).ConfigureAwait(false);
        }
        var whole = (string)change.Set.First(s => s.Column == Image).Value!;
        var around = Encoding.UTF8.GetByteCount(MyControl.Fill(SqlSteps.Change(With(change, ""), dialect)));
        // A quote in it, and all of it goes in hexadecimal.
        var room = (session.Server.MaxAllowedPacket - around - Spare) / 2;
        var cut = With(change, RowJson.Cut(whole, (int)Math.Clamp(room, 0, int.MaxValue)));
        var step = SqlSteps.Change(cut, dialect);
        return await session.ExecuteAsync(Encoding.UTF8.GetBytes(MyControl.Fill(step)), step.Text, ct, at, grant).ConfigureAwait(false);
    }

    /// <summary>The image is the field, all others are constants.</summary>
    private static async ValueTask<MyOk> LoadAsync(MyTargetSession session, ControlChange change, SqlDialect dialect, TableName at,
        string grant, CancellationToken ct)
    {
        using var image = new MyRowBuffer();
        MyTargetCell.PutEscaped(image, Encoding.UTF8.GetBytes((string)change.Set.First(s => s.Column == Image).Value!));
        image.Put((byte)'\n');
        var others = change.Set.Where(s => s.Column != Image).Select(s => $"{dialect.Quote(s.Column)} = "
            + (ReferenceEquals(s.Value, Computed.Now) ? dialect.Now : MyQuote.Value(s.Value)));
        var doing = $"into table {MyQuote.Name(at)} character set utf8mb4 fields terminated by x'09' escaped by x'5C' "
            + $"lines terminated by x'0A' ({dialect.Quote(Image)})";
        return await session.LoadAsync($"{doing} set {string.Join(", ", others)}", image.Written, ct, at, grant, doing)
            .ConfigureAwait(false);
    }

    private static ControlChange With(ControlChange change, string image) =>
        change with { Set = [.. change.Set.Select(s => s.Column == Image ? (s.Column, image) : s)] };
}
